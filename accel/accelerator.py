"""The accelerator: units between DRAM ports, and the registers the CPU sees."""

from litex.gen import *
from litex.soc.interconnect.csr import CSRField, CSRStatus, CSRStorage
from litex.soc.interconnect.csr_eventmanager import EventManager, EventSourcePulse
from migen import *

from litelic.accel.array import MultiplierArray
from litelic.accel.counters import CycleCounters
from litelic.accel.descriptor import FLAG_OUTPUT16
from litelic.accel.dma import LiteDRAMDMAReader, MaskedWriter
from litelic.accel.epilogue import Epilogue, EpilogueLane
from litelic.accel.fetch import QUEUE_DEPTH, Fetcher
from litelic.accel.loader import Loader
from litelic.accel.middle import MiddleMemory
from litelic.accel.operands import OperandAddress, OperandMemory
from litelic.accel.sequencer import RESULT_LAYOUT, Sequencer
from litelic.accel.store import OutputMemory, Store
from litelic.accel.weights import WeightRequests, WeightRing

# Engine -------------------------------------------------------------------------------------------


class Engine(LiteXModule):
    """Everything but the CPU's registers: descriptors in, feature maps and records out.

    Parameters
    ----------
    config   : ArrayConfig.
    get_port : get_port(mode) returns a LiteDRAM native port of 128 bits, mode "read" or "write".
    """

    def __init__(self, config, get_port):
        # DRAM -------------------------------------------------------------------------------------
        ports = {name: get_port("read") for name in ("descriptors", "operands", "weights")}
        width = ports["operands"].address_width
        self.descriptor_reader = LiteDRAMDMAReader(ports["descriptors"], 16)
        self.operand_reader = LiteDRAMDMAReader(ports["operands"], 64, fifo_buffered=True)
        self.weight_reader = LiteDRAMDMAReader(ports["weights"], 64, fifo_buffered=True)
        self.writer = writer = MaskedWriter(get_port("write"))

        # Units ------------------------------------------------------------------------------------
        self.fetcher = fetcher = Fetcher(width)
        d = fetcher.descriptor
        self.loader = loader = Loader(config, d, width)
        self.requests = requests = WeightRequests(d, width)
        self.ring = ring = WeightRing(config, d)
        self.array = array = MultiplierArray(config)
        self.sequencer = sequencer = Sequencer(config, d, array, EpilogueLane.latency)
        self.epilogue = epilogue = Epilogue(config, d, ring, RESULT_LAYOUT)
        self.store = store = Store(config, d, width)
        self.counters = counters = CycleCounters(fetcher.counters, sequencer.causes)

        # DRAM to units ----------------------------------------------------------------------------
        self.comb += [
            fetcher.address.connect(self.descriptor_reader.sink),
            self.descriptor_reader.source.connect(fetcher.data, omit={"last"}),
            loader.address.connect(self.operand_reader.sink),
            self.operand_reader.source.connect(loader.data, omit={"last"}),
            requests.address.connect(self.weight_reader.sink),
            self.weight_reader.source.connect(ring.data, omit={"last"}),
        ]

        # Control ----------------------------------------------------------------------------------
        units = (loader, requests, sequencer, store)
        drained = Signal()
        self.sync += drained.eq(store.done & writer.idle)
        self.comb += [
            *[unit.start.eq(fetcher.start) for unit in units],
            fetcher.done.eq(
                loader.done & requests.done & sequencer.done & store.done & drained & writer.idle
            ),
            fetcher.written.eq(writer.idle),
            counters.clear.eq(fetcher.clear),
            counters.enable.eq(fetcher.running),
            loader.tile.connect(sequencer.tile),
            loader.release.eq(sequencer.release),
            ring.segment.connect(sequencer.segment),
            sequencer.available.eq(ring.available),
            ring.read.eq(sequencer.read),
            ring.rewind.eq(sequencer.rewind),
            ring.retire.eq(sequencer.retire),
            ring.release_slot.eq(epilogue.release_slot),
            sequencer.output_free.eq(store.free),
            store.taken.eq(sequencer.output_taken),
            store.tile_end.eq(epilogue.tile_end),
        ]

        # Operands and weights to the array --------------------------------------------------------
        self.operand_address = operand_address = OperandAddress(config)
        self.comb += operand_address.address.eq(sequencer.operand_address)
        words = 8 * config.reduction
        for n, weights in enumerate(array.weights):
            self.comb += weights.eq(ring.word[words * n : words * (n + 1)])
        control = Cat(sequencer.issue, sequencer.first, sequencer.last, sequencer.from_middle)
        for _ in range(OperandMemory.latency):
            delayed = Signal(4)
            self.sync += delayed.eq(control)
            control = delayed
        from_middle = control[3]
        self.comb += Cat(array.valid, array.first, array.last).eq(control[:3])

        # Results to the epilogue ------------------------------------------------------------------
        result = sequencer.result
        for _ in range(OperandMemory.latency + array.latency):
            delayed = Record(RESULT_LAYOUT)
            self.sync += delayed.raw_bits().eq(result.raw_bits())
            result = delayed
        self.comb += [
            epilogue.captured.eq(array.captured),
            epilogue.result.raw_bits().eq(result.raw_bits()),
            *[sink.eq(sum_) for sink, sum_ in zip(epilogue.sums, array.sums)],
        ]

        # Lanes ------------------------------------------------------------------------------------
        for m in range(config.pixels):
            operands, middle, output = (
                OperandMemory(config), MiddleMemory(config), OutputMemory(config),
            )
            self.submodules += operands, middle, output
            lane = epilogue.lanes[m % config.epilogue]
            self.comb += [
                operands.write_enable.eq(loader.write.lanes[m]),
                operands.write_address.eq(loader.write.address),
                operands.write_data.eq(loader.write.operands),
                operands.even_row.eq(operand_address.even_row),
                operands.odd_row.eq(operand_address.odd_row),
                operands.rotation.eq(operand_address.rotation),
                middle.write_enable.eq(epilogue.middle_enable[m]),
                middle.write_address.eq(epilogue.middle_address),
                middle.write_value.eq(lane.middle_value),
                middle.write_operand.eq(lane.middle_operand),
                middle.operand_address.eq(sequencer.middle_address),
                middle.value_address.eq(epilogue.value_address),
                epilogue.values[m].eq(middle.value),
                array.operands[m].eq(Mux(from_middle, middle.source, operands.source)),
                output.write_enable.eq(epilogue.output_enable[m]),
                output.write_address.eq(
                    Cat(epilogue.output_address[: log2_int(config.output_depth)], store.filling)
                ),
                output.write_value.eq(lane.result),
                output.wide.eq((d.flags & FLAG_OUTPUT16) != 0),
                output.read_address.eq(store.read_address),
                store.read_data[m].eq(output.read_data),
            ]

        # Writer -----------------------------------------------------------------------------------
        # Records are written when nothing is stored, so that the two never meet.
        self.comb += [
            store.write.connect(writer.sink),
            If(fetcher.record.valid, fetcher.record.connect(writer.sink)),
        ]


# Accelerator --------------------------------------------------------------------------------------


class Accelerator(LiteXModule):
    """The engine with the registers by which the CPU feeds it.

    `get_port` as for `Engine`. A reset through `control` stops everything at once; keep it up for
    a microsecond, so that reads under way have come back.
    """

    def __init__(self, config, get_port):
        self.config = config
        self.reset = Signal()
        self.engine = ResetInserter()(Engine(config, get_port))
        self.comb += self.engine.reset.eq(self.reset)
        self.add_csr()

    def add_csr(self):
        fetcher = self.engine.fetcher
        self.queue = CSRStorage(32, description=(
            "DRAM byte address of a layer descriptor, a multiple of 256; a write queues it. "
            "Written while `queue_level.free` is 0, it is lost."
        ))
        self.queue_level = CSRStatus(fields=[
            CSRField("free", size=8, description="Descriptors that can still be queued."),
        ])
        self.completed = CSRStatus(32, description="Descriptors completed since the last reset.")
        self.control = CSRStorage(fields=[
            CSRField("reset", size=1, description="Hold everything in reset, the queue included."),
        ])
        self.status = CSRStatus(fields=[
            CSRField("busy", size=1, description="A descriptor is queued or running."),
            CSRField("malformed", size=1, description=(
                "The oldest queued descriptor is not one; it stays there until a reset."
            )),
        ])
        self.ev = EventManager()
        self.ev.done = EventSourcePulse(description="A descriptor that asks for it is complete.")
        self.ev.finalize()

        # # #

        self.comb += [
            self.reset.eq(self.control.fields.reset),
            fetcher.queue.sink.valid.eq(self.queue.re),
            fetcher.queue.sink.address.eq(self.queue.storage),
            self.queue_level.fields.free.eq(QUEUE_DEPTH - fetcher.queue.level),
            self.completed.status.eq(fetcher.completed),
            self.status.fields.busy.eq(fetcher.busy),
            self.status.fields.malformed.eq(fetcher.malformed),
            self.ev.done.trigger.eq(fetcher.interrupt),
        ]
