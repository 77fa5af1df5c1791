"""How a host gets at a board, besides where it is."""

from dataclasses import dataclass, field

from litelic.host.link import secret
from litelic.host.link.protocol import BAUDRATE


@dataclass(frozen=True)
class Access:
    """
    baudrate  : of a serial port.
    take_over : end the session of another host.
    secret    : 16 bytes that a board was built with (`secret.key_of`), None for none; by default
                those of the words in the environment variable LITELIC_SECRET.
    """

    baudrate: int = BAUDRATE
    take_over: bool = False
    secret: bytes | None = field(default_factory=secret.from_environment, repr=False)
