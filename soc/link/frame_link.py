"""The link (docs/protocol.md): lines on one side, DRAM and CPU on the other."""

from litex.gen import LiteXModule
from litex.soc.interconnect import stream
from litex.soc.interconnect.csr import CSRField, CSRStatus, CSRStorage
from litex.soc.interconnect.packet import Arbiter, Dispatcher
from migen import Cat, If, Signal

from litelic.soc.link.cpu_port import CPUFrames
from litelic.soc.link.encoder import FrameEncoder
from litelic.soc.link.frames import WORD_BYTES, frame_description
from litelic.soc.link.remote_memory import RemoteMemory

PLACE_BITS = 48  # of a way: who is at the other end of a line, an IP address and a port
LINE_BITS  = 4   # and above them: which line

# Frame Link ---------------------------------------------------------------------------------------

class FrameLink(LiteXModule):
    """Frames from all lines, one after the other; answers go back by the way they came.

    Parameters
    ----------
    lines : [SerialLine or UDPLine]
        By their number in a way. Submodules of the caller's.

    write_port, read_port : LiteDRAMNativePort
        Of the DRAM.

    Attributes
    ----------
    idle : Signal
        No frame is here that anything will happen for. A simulation may stop its clock.
    """
    def __init__(self, lines, write_port, read_port):
        way_bits     = PLACE_BITS + LINE_BITS
        self.memory  = memory  = RemoteMemory(write_port, read_port, way_bits)
        self.cpu     = cpu     = CPUFrames(way_bits)
        self.encoder = encoder = FrameEncoder(way_bits)
        self.idle    = Signal()

        # # #

        # In ---------------------------------------------------------------------------------------
        arriving = [stream.Endpoint(frame_description(way_bits)) for _ in lines]
        for number, (line, frames) in enumerate(zip(lines, arriving)):
            self.comb += [
                line.frames.connect(frames, omit={"way"}),
                frames.way.eq(line.frames.way),
                frames.way[PLACE_BITS:].eq(number),
            ]
        # Registers where streams come together and go apart: their wires are long.
        self.before  = before = stream.Buffer(frame_description(way_bits))
        self.arbiter = Arbiter(arriving, before.sink)
        self.comb   += [
            before.source.connect(memory.sink),
            memory.cpu.connect(cpu.sink),
        ]

        # Out --------------------------------------------------------------------------------------
        self.answered = answered = stream.Buffer(frame_description(way_bits), pipe_ready=True)
        self.behind   = behind   = stream.Buffer(frame_description(way_bits))
        self.answers  = Arbiter([memory.source, cpu.source], answered.sink)
        leaving = [stream.Endpoint(frame_description(way_bits)) for _ in lines]
        self.dispatcher = dispatcher = Dispatcher(behind.source, list(leaving))
        self.comb += [
            answered.source.connect(encoder.sink),
            encoder.source.connect(behind.sink),
            dispatcher.sel.eq(behind.source.way[PLACE_BITS:]),
        ]
        for line, words in zip(lines, leaving):
            self.comb += [
                words.connect(line.words, omit={"way"}),
                line.words.way.eq(words.way),
            ]

        self._add_csr(lines, memory.windows, cpu)
        self.comb += self.idle.eq(
            self._activity.fields.ready & ~self._activity.fields.busy & ~memory.busy
            & ~before.sink.valid & ~memory.sink.valid & ~cpu.valid & cpu.room
            & ~answered.source.valid & ~encoder.source.valid & ~behind.source.valid
            & (Cat(*[line.idle for line in lines]) == 2**len(lines) - 1)
        )

    def _add_csr(self, lines, table, cpu):
        # Frames for the CPU -----------------------------------------------------------------------
        self._rx_status = CSRStatus(description="The oldest word for the CPU.", fields=[
            CSRField("valid", size=1, description="There is one."),
            CSRField("first", size=1, description="It is a frame's first,"),
            CSRField("last",  size=1, description="or its last."),
        ])
        self._rx_word = CSRStatus(32, description="That word, taken by reading.")
        self._rx_drop = CSRStorage(1,
            description="Writing takes all that is left of the frame whose word that is.")
        self._rx_way  = CSRStatus(64,
            description="Where its frame came from: IP address, port, and the line's number.")
        self.comb += [
            self._rx_status.fields.valid.eq(cpu.valid),
            self._rx_status.fields.first.eq(cpu.first),
            self._rx_status.fields.last.eq(cpu.last),
            self._rx_word.status.eq(cpu.word),
            self._rx_way.status.eq(cpu.way),
            cpu.take.eq(self._rx_word.we),
            cpu.drop.eq(self._rx_drop.re),
        ]

        # Frames from the CPU ----------------------------------------------------------------------
        self._tx_status = CSRStatus(description="State of what the CPU sends.", fields=[
            CSRField("room", size=1, description="A frame may be begun."),
        ])
        self._tx_way  = CSRStorage(64, description="Where the frame goes, as in ``rx_way``.")
        self._tx_word = CSRStorage(32, description="Writing adds a word to the frame.")
        self._tx_last = CSRStorage(32, description="Writing adds the last word, and sends it.")
        self.comb += [
            self._tx_status.fields.room.eq(cpu.room),
            cpu.new_way.eq(self._tx_way.storage),
            cpu.put.eq(self._tx_word.re | self._tx_last.re),
            cpu.end.eq(self._tx_last.re),
            If(self._tx_last.re,
                cpu.new_word.eq(self._tx_last.storage)
            ).Else(
                cpu.new_word.eq(self._tx_word.storage)
            ),
        ]

        # Windows ----------------------------------------------------------------------------------
        self._window_key  = CSRStorage(32, description="Of a window: what the host calls it.")
        self._window_base = CSRStorage(32,
            description="Byte offset in the DRAM where it begins, a multiple of 16.")
        self._window_size = CSRStorage(32,
            description=f"Bytes, a multiple of {WORD_BYTES}; 0 closes it.")
        self._window      = CSRStorage(description="Writing makes the window.", fields=[
            CSRField("number",   size=len(table.entry), description="Which one."),
            CSRField("writable", size=1, offset=8,
                description="The host may write there, and not read."),
        ])
        self._memory_status = CSRStatus(description="Requests that need no CPU.", fields=[
            CSRField("closing", size=1,
                description="A window was written, and a request from before is being served."),
            CSRField("served", size=8, offset=8,
                description="Requests that were answered, a count that wraps."),
        ])
        self.comb += [
            table.new_key.eq(self._window_key.storage),
            table.new_base.eq(self._window_base.storage),
            table.new_size.eq(self._window_size.storage),
            table.entry.eq(self._window.fields.number),
            table.new_writable.eq(self._window.fields.writable),
            table.load.eq(self._window.re),
            self._memory_status.fields.closing.eq(self.memory.closing),
            self._memory_status.fields.served.eq(self.memory.served),
        ]

        # Losses -----------------------------------------------------------------------------------
        self._lost    = CSRStatus(32, description="Frames that found no room, since power-up.")
        self._damaged = CSRStatus(32, description="Frames with a wrong CRC that came to a store.")
        for name, counter in (("lost", self._lost.status), ("damaged", self._damaged.status)):
            events, event = Cat(*[getattr(line, name) for line in lines]), Signal()
            self.sync += [
                event.eq(events != 0),  # Of one line, if of two at a time.
                counter.eq(counter + event),
            ]

        # Activity ---------------------------------------------------------------------------------
        self._activity = CSRStorage(description="What the firmware is doing, for people.", fields=[
            CSRField("ready", size=1, description="It has booted."),
            CSRField("busy",  size=1, description="It serves a request, or the accelerator runs."),
        ])
