"""The link between a host and the SoC: frames on a byte stream, payloads to and from DRAM."""

from litex.gen import LiteXModule
from litex.soc.interconnect import stream
from litex.soc.interconnect.csr import CSRField, CSRStatus, CSRStorage
from migen import If

from litelic.soc.link.receiver import CPU, DISCARD, MEMORY, Receiver
from litelic.soc.link.transmitter import Transmitter

# Link ---------------------------------------------------------------------------------------------

class Link(LiteXModule):
    """The receiver and the transmitter of `docs/protocol.md` behind the CPU's registers.

    Parameters
    ----------
    write_port, read_port : LiteDRAMNativePort
        Ports of the DRAM, in the system's clock domain.

    max_length : int
        The longest payload in bytes.

    Attributes
    ----------
    sink, source : Endpoint([("data", 8)])
        Bytes from and to a serial PHY.

    idle : Signal
        Nothing will happen before a byte arrives: no request is being served, nothing is on its
        way in or out. A simulation may stop its clock.
    """
    def __init__(self, write_port, read_port, max_length=4096):
        self.sink   = stream.Endpoint([("data", 8)])
        self.source = stream.Endpoint([("data", 8)])

        # # #

        self.receiver    = receiver    = Receiver(write_port, max_length)
        self.transmitter = transmitter = Transmitter(read_port, max_length)
        self.comb += [
            self.sink.connect(receiver.sink),
            transmitter.source.connect(self.source),
        ]

        self._add_csr(receiver, transmitter, max_length)

        self.idle = self._activity.fields.ready & ~self._activity.fields.busy & \
            receiver.hunting & transmitter.empty

    def _add_csr(self, receiver, transmitter, max_length):
        length_bits = len(receiver.length)

        # Receiver ---------------------------------------------------------------------------------
        self._rx_control = CSRStorage(description="What the receiver does next.", fields=[
            CSRField("accept",  size=1, pulse=True,
                description="Take the payload of the header that is there."),
            CSRField("release", size=1, pulse=True,
                description="Look for the next header; in the middle of a payload: give it up."),
            CSRField("destination", size=2, offset=4, values=[
                (f"``0b{DISCARD:02b}``", "Nowhere, the payload is only counted and checked."),
                (f"``0b{MEMORY:02b}``",  "To the DRAM at ``rx_address``."),
                (f"``0b{CPU:02b}``",     "To the CPU by ``rx_data``."),
            ]),
        ])
        self._rx_status = CSRStatus(description="State of the receiver.", fields=[
            CSRField("header_valid", size=1, description="A header waits in ``rx_header``."),
            CSRField("done",   size=1, description="The payload was received."),
            CSRField("crc_ok", size=1, description="Its CRC was right; valid with ``done``."),
        ])
        self._rx_address = CSRStorage(32, description="Byte offset in the DRAM.")
        self._rx_length  = CSRStorage(length_bits,
            description=f"Bytes of the payload, 0 to {max_length}.")
        self._rx_remaining = CSRStatus(length_bits,
            description="Bytes that are still to come; changes as long as the line is alive.")
        self._rx_data = CSRStatus(description="Next byte for the CPU, taken by reading.", fields=[
            CSRField("data",  size=8),
            CSRField("valid", size=1, description="There was one."),
        ])
        self._rx_skipped  = CSRStatus(32, description="Bytes received outside of frames.")
        self._rx_rejected = CSRStatus(32, description="Magic numbers without a good header.")

        rx = self._rx_control.fields
        self.comb += [
            receiver.accept.eq(rx.accept),
            receiver.release.eq(rx.release),
            receiver.destination.eq(rx.destination),
            receiver.address.eq(self._rx_address.storage),
            receiver.length.eq(self._rx_length.storage),
            self._rx_status.fields.header_valid.eq(receiver.header_valid),
            self._rx_status.fields.done.eq(receiver.done),
            self._rx_status.fields.crc_ok.eq(receiver.crc_ok),
            self._rx_remaining.status.eq(receiver.remaining),
            self._rx_data.fields.data.eq(receiver.source.data),
            self._rx_data.fields.valid.eq(receiver.source.valid),
            receiver.source.ready.eq(self._rx_data.we),
            self._rx_skipped.status.eq(receiver.skipped),
            self._rx_rejected.status.eq(receiver.rejected),
        ]
        for n in range(4):
            header = CSRStatus(32, name=f"rx_header{n}", description=f"Word {n} of the header.")
            setattr(self, f"_rx_header{n}", header)
            self.comb += header.status.eq(receiver.header[32*n:32*(n + 1)])

        # Transmitter ------------------------------------------------------------------------------
        self._tx_status = CSRStatus(description="State of the transmitter.", fields=[
            CSRField("busy", size=1, description="The last command is not finished: wait."),
        ])
        self._tx_word    = CSRStorage(32, description="Writing sends four bytes, lowest first.")
        self._tx_byte    = CSRStorage(8,  description="Writing sends one byte.")
        self._tx_crc     = CSRStorage(1,
            description="Writing sends the CRC-32 of all words and memory since the last one.")
        self._tx_address = CSRStorage(32, description="Byte offset in the DRAM.")
        self._tx_length  = CSRStorage(length_bits,
            description=f"Writing sends so many bytes of the DRAM, 1 to {max_length}.")
        self.comb += [
            self._tx_status.fields.busy.eq(transmitter.busy),
            transmitter.word.eq(self._tx_word.re),
            transmitter.byte.eq(self._tx_byte.re),
            transmitter.checksum.eq(self._tx_crc.re),
            transmitter.memory.eq(self._tx_length.re),
            transmitter.address.eq(self._tx_address.storage),
            transmitter.length.eq(self._tx_length.storage),
            If(self._tx_byte.re,
                transmitter.data.eq(self._tx_byte.storage)
            ).Else(
                transmitter.data.eq(self._tx_word.storage)
            ),
        ]

        # Activity ---------------------------------------------------------------------------------
        self._activity = CSRStorage(description="What the firmware is doing, for people.", fields=[
            CSRField("ready", size=1, description="It has booted."),
            CSRField("busy",  size=1, description="It serves a request, or the accelerator runs."),
        ])
