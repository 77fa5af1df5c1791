"""A FrameLink with Ethernet and a serial line in Verilator, and a memory that is always fast."""

from types import SimpleNamespace

from litedram.common import LiteDRAMNativeReadPort, LiteDRAMNativeWritePort
from litex.gen import LiteXModule
from migen import READ_FIRST, If, Memory, Mux, Signal

from litelic.soc.link.ethernet_line import EthernetLine
from litelic.soc.link.frame_link import FrameLink
from litelic.soc.link.serial_line import SerialLine
from tests.soc.ethernet_bench import Phy, Top
from tests.soc.ethernet_frames import BOARD_IP, BOARD_MAC

MEMORY_BYTES = 1 << 18
WRITE_KEY, READ_KEY = 0x600D_0001, 0x600D_0002
LATENCY = 8

# LiteEth's seconds are short, but not as short as a few full frames at 100 Mb/s: it gives an answer
# up if it hears nothing by ARP for so long.
SYS_CLK_FREQ = 1_000_000


class FastMemory(LiteXModule):
    """Serves both ports in every cycle, the data a fixed time after the command."""

    def __init__(self, width=128):
        address_bits = (MEMORY_BYTES * 8 // width - 1).bit_length()
        self.writes = writes = LiteDRAMNativeWritePort(address_bits, width)
        self.reads = reads = LiteDRAMNativeReadPort(address_bits, width)
        memory = Memory(width, 1 << address_bits)
        writer = memory.get_port(write_capable=True, we_granularity=8, mode=READ_FIRST)
        reader = memory.get_port(mode=READ_FIRST)
        self.specials += memory, writer, reader
        self.comb += [writes.cmd.ready.eq(1), reads.cmd.ready.eq(1)]
        valid, address = writes.cmd.valid, writes.cmd.addr
        for _ in range(3):
            later, place = Signal(), Signal(address_bits)
            self.sync += [later.eq(valid), place.eq(address)]
            valid, address = later, place
        self.comb += [
            writes.wdata.ready.eq(valid),
            writer.adr.eq(address),
            writer.dat_w.eq(writes.wdata.data),
            If(valid, writer.we.eq(writes.wdata.we)),
            reader.adr.eq(reads.cmd.addr),
        ]
        valid, data = Signal(), reader.dat_r
        self.sync += valid.eq(reads.cmd.valid)
        for _ in range(LATENCY):
            later, held = Signal(), Signal(width)
            self.sync += [later.eq(valid), held.eq(data)]
            valid, data = later, held
        self.comb += [reads.rdata.valid.eq(valid), reads.rdata.data.eq(data)]


class OpenLink(FrameLink):
    """Without registers: all of the memory is open by two keys, and nobody listens to what is for
    the CPU."""

    def _add_csr(self, lines, table, cpu):
        count = Signal(2)
        self.sync += If(~count[1], count.eq(count + 1))
        self.comb += [
            cpu.take.eq(1),
            table.load.eq(~count[1]),
            table.entry.eq(count[0]),
            table.new_size.eq(MEMORY_BYTES),
            table.new_writable.eq(~count[0]),
            table.new_key.eq(Mux(count[0], READ_KEY, WRITE_KEY)),
        ]
        self._activity = SimpleNamespace(fields=SimpleNamespace(ready=Signal(reset=1), busy=0))


class FrameTop(Top):
    """The link between an Ethernet PHY, bytes, and the memory."""

    def __init__(self, slow=False):
        self.phy = Phy(slow)
        self.memory = memory = FastMemory()
        self.ethernet = ethernet = EthernetLine(
            self.phy, SYS_CLK_FREQ, int.from_bytes(BOARD_MAC), BOARD_IP)
        self.serial = serial = SerialLine(SYS_CLK_FREQ)
        self.link = link = OpenLink([ethernet, serial], memory.writes, memory.reads)
        self.add_pins(link.idle, serial.source.ready, serial.sink)
