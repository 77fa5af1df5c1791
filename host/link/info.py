"""What a board says about itself in answer to HELLO."""

from dataclasses import dataclass

from litelic.host.errors import LitelicError
from litelic.host.link.protocol import PROGRAM_ID_BYTES


@dataclass(frozen=True)
class BoardInfo:
    """Versions are strings, `array` holds the parameters of `ArrayConfig.to_dict()`.

    What not every board knows of itself is "" or None: the git revision of its gateware, the name
    of its memory's chip, its MAC and IP address, its temperature in degrees Celsius.
    """

    protocol: int
    firmware: str
    gateware: str
    target: str
    array: dict  # empty when there is no accelerator
    clock_hz: int
    array_clock_hz: int  # cycles of layers are counted with it
    dram_bytes: int
    dram_ok: bool
    program: bytes | None  # identity of the loaded program
    statistics: dict  # counts since power-up, by name
    revision: str = ""
    memory: str = ""
    mac: str = ""
    ip: str = ""
    temperature: float | None = None
    dram_transfers: int = 1  # of the DRAM controller, for one of a port
    busy: bool = False  # somebody else has a session

    @classmethod
    def parse(cls, text):
        """From the board's lines of key=value; keys that this version does not know are kept as
        statistics if they are numbers."""
        values = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
        try:
            array = dict(item.split("=") for item in values.pop("array").split(",") if item)
            program = bytes.fromhex(values.pop("program"))
            temperature = values.pop("temperature", None)
            more = {name: values.pop(name, "") for name in ("revision", "memory", "mac", "ip")}
            return cls(
                protocol=int(values.pop("protocol")),
                firmware=values.pop("firmware"),
                gateware=values.pop("gateware"),
                target=values.pop("target"),
                array={name: int(value) for name, value in array.items()},
                clock_hz=int(values["clock"]),
                array_clock_hz=int(values.pop("array_clock", values.pop("clock"))),
                dram_bytes=int(values.pop("dram")),
                dram_ok=values.pop("dram_ok") == "1",
                program=program if program != bytes(PROGRAM_ID_BYTES) else None,
                temperature=None if temperature is None else int(temperature) / 1000,
                dram_transfers=int(values.pop("dram_transfers", 1)),
                busy=values.pop("busy", "0") == "1",
                **more,
                statistics={name: int(value) for name, value in values.items() if value.isdigit()},
            )
        except (KeyError, ValueError) as error:
            raise LitelicError(
                f"the board's description of itself makes no sense ({error}): "
                "its gateware and this host tool are of different versions"
            ) from None
