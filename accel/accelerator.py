"""The accelerator: units between DRAM ports, and the registers the CPU sees."""

from litex.gen import *
from litex.soc.interconnect import stream
from litex.soc.interconnect.csr import CSRField, CSRStatus, CSRStorage
from litex.soc.interconnect.csr_eventmanager import EventManager, EventSourcePulse
from migen import *
from migen.genlib.cdc import MultiReg

from litelic.accel.array import MultiplierArray
from litelic.accel.config import BEAT_BYTES
from litelic.accel.counters import CycleCounters, EventCounters
from litelic.accel.crossing import Landing, LevelCrossing, TokenCrossing
from litelic.accel.descriptor import COUNTERS, FLAG_OUTPUT16
from litelic.accel.dma import BeatWriter, LiteDRAMDMAReader
from litelic.accel.epilogue import Epilogue
from litelic.accel.fetch import QUEUE_DEPTH, Fetcher
from litelic.accel.loader import Loader
from litelic.accel.middle import MiddleMemory
from litelic.accel.multipliers import GENERIC
from litelic.accel.operands import OperandAddress, OperandMemory
from litelic.accel.places import EPILOGUE, LANE, WEIGHTS, Placed
from litelic.accel.resets import OwnResets, WithoutReset
from litelic.accel.sequencer import RESULT_LAYOUT, Sequencer
from litelic.accel.store import OutputMemory, Store
from litelic.accel.weights import WeightRequests, WeightRing

SETTLE_CYCLES = 16  # until counters with another clock have seen that a descriptor is done

# Engine -------------------------------------------------------------------------------------------


class Engine(LiteXModule):
    """Everything but the CPU's registers: descriptors in, feature maps and records out.

    Parameters
    ----------
    config   : ArrayConfig.
    cd_array : clock domain of the array and of what feeds and empties it; "sys" for one clock.
    technology : one of `multipliers.TECHNOLOGIES`.
    get_port : get_port(mode) returns a LiteDRAM native port of `config.port_bytes`, mode "read" or
               "write".
    """

    def __init__(self, config, get_port, cd_array="sys", technology=GENERIC):
        in_array = ClockDomainsRenamer(cd_array)

        # DRAM -------------------------------------------------------------------------------------
        ports = {name: get_port("read") for name in ("descriptors", "operands", "weights")}
        width = ports["operands"].address_width
        self.descriptor_reader = LiteDRAMDMAReader(ports["descriptors"], 16)
        self.operand_reader = LiteDRAMDMAReader(ports["operands"], 64, fifo_buffered=True)
        self.weight_reader = LiteDRAMDMAReader(ports["weights"], 64, fifo_buffered=True)
        self.writer = writer = BeatWriter(get_port("write"))
        beat_width = len(writer.sink.address)
        # Weights come in beats, whatever the port: a layer needs a fraction of its bandwidth.
        self.weight_beats = weight_beats = stream.Converter(8 * config.port_bytes, 8 * BEAT_BYTES)

        # Units ------------------------------------------------------------------------------------
        self.fetcher = fetcher = Fetcher(
            config, width, beat_width,
            settle=CycleCounters.latency if cd_array == "sys" else SETTLE_CYCLES,
        )
        d = fetcher.descriptor
        self.loader = loader = Loader(config, d, width)
        self.requests = requests = WeightRequests(config, d, width)
        self.ring = ring = Placed(WEIGHTS)(WeightRing(config, d, cd_array, technology))
        self.array = array = in_array(WithoutReset()(MultiplierArray(config, technology)))
        self.sequencer = sequencer = in_array(Sequencer(config, d))
        self.epilogue = epilogue = in_array(
            Placed(EPILOGUE)(Epilogue(config, d, ring, RESULT_LAYOUT, technology))
        )
        self.store = store = Store(config, d, beat_width, cd_array)
        events = {
            "input_words": loader.address.valid & loader.address.ready,
            "weight_words": requests.address.valid & requests.address.ready,
            "output_beats": store.write.valid & store.write.ready,
        }
        cycles = {name: fetcher.counters[name] for name in ("total", *COUNTERS)}
        self.counters = counters = in_array(CycleCounters(cycles, sequencer.causes))
        self.traffic = traffic = EventCounters(fetcher.counters, events)

        # DRAM to units ----------------------------------------------------------------------------
        self.comb += [
            fetcher.address.connect(self.descriptor_reader.sink),
            self.descriptor_reader.source.connect(fetcher.data, omit={"last"}),
            loader.address.connect(self.operand_reader.sink),
            self.operand_reader.source.connect(loader.data, omit={"last"}),
            requests.address.connect(self.weight_reader.sink),
            self.weight_reader.source.connect(weight_beats.sink, omit={"last"}),
            weight_beats.source.connect(ring.data, keep={"valid", "ready", "data"}),
        ]

        # Control ----------------------------------------------------------------------------------
        # The array starts as it sees `running` rise. It is done when the last tile is stored.
        self.running = running = LevelCrossing("sys", cd_array)
        self.busy = busy = LevelCrossing("sys", cd_array)
        self.tile = tile = stream.ClockDomainCrossing(loader.tile.description, "sys", cd_array)
        self.next_tile = next_tile = in_array(Landing(loader.tile.description))
        self.released = released = TokenCrossing(cd_array, "sys")
        before, drained = Signal(), Signal()
        array_sync = getattr(self.sync, cd_array)
        release = Signal()
        array_sync += [before.eq(running.output), release.eq(sequencer.release)]
        self.sync += drained.eq(store.done & writer.idle)
        self.comb += [
            *[unit.start.eq(fetcher.start) for unit in (loader, requests, store)],
            fetcher.done.eq(loader.done & requests.done & store.done & drained & writer.idle),
            fetcher.written.eq(writer.idle),
            traffic.clear.eq(fetcher.start),
            running.input.eq(fetcher.running),
            busy.input.eq(fetcher.busy),
            sequencer.start.eq(running.output & ~before),
            counters.clear.eq(sequencer.start),
            counters.enable.eq(running.output & before),
            counters.between.eq(busy.output & ~counters.enable),
            loader.tile.connect(tile.sink),
            tile.source.connect(next_tile.sink),
            next_tile.source.connect(sequencer.tile),
            released.give.eq(release),
            loader.release.eq(released.taken),
            ring.segment.connect(sequencer.segment),
            sequencer.arrived.eq(ring.arrived),
            ring.pointer.eq(sequencer.weights),
            ring.retire.eq(sequencer.retire),
            ring.release_slot.eq(epilogue.release_slot),
            sequencer.output_free.eq(store.free),
            store.taken.eq(sequencer.output_taken),
            store.tile_end.eq(epilogue.tile_end),
        ]

        # Operands and weights to the array --------------------------------------------------------
        self.operand_address = operand_address = in_array(WithoutReset()(OperandAddress(config)))
        self.comb += operand_address.address.eq(sequencer.operand_address)
        self.comb += ring.rotation.eq(operand_address.rotation)
        words = 8 * config.reduction
        for n, weights in enumerate(array.weights):
            self.comb += weights.eq(ring.word[words * n : words * (n + 1)])
        controls = [Cat(sequencer.issue, sequencer.first, sequencer.last, sequencer.from_middle)]
        for _ in range(OperandMemory.latency):
            delayed = Signal(4, reset_less=True)
            array_sync += delayed.eq(controls[-1])
            controls.append(delayed)
        from_middle = controls[MiddleMemory.latency - 1][3]
        self.comb += Cat(array.valid, array.first, array.last).eq(controls[-1][:3])

        # Results to the epilogue ------------------------------------------------------------------
        result = sequencer.result
        for _ in range(OperandMemory.latency + array.latency):
            delayed = Record(RESULT_LAYOUT, reset_less=True)
            array_sync += delayed.raw_bits().eq(result.raw_bits())
            result = delayed
        self.comb += [
            epilogue.captured.eq(array.captured),
            epilogue.result.raw_bits().eq(result.raw_bits()),
            *[sink.eq(sum_) for sink, sum_ in zip(epilogue.sums, array.sums)],
        ]

        # Lanes ------------------------------------------------------------------------------------
        for m in range(config.pixels):
            in_lane = Placed(LANE.format(m))
            operands, middle, output = (
                in_lane(WithoutReset()(OperandMemory(config, cd_array, technology))),
                in_array(in_lane(WithoutReset()(MiddleMemory(config, technology)))),
                in_lane(WithoutReset()(OutputMemory(config, cd_array, technology))),
            )
            self.submodules += operands, middle, output
            lane = epilogue.lanes[m % config.epilogue]
            self.comb += [
                operands.write_enable.eq(Mux(loader.write.lanes[m], loader.write.enable, 0)),
                *[a.eq(b) for a, b in zip(operands.write_rows, loader.write.rows)],
                *[a.eq(b) for a, b in zip(operands.write_data, loader.write.data)],
                operands.even_row.eq(operand_address.even_row),
                operands.odd_row.eq(operand_address.odd_row),
                *[a.eq(b) for a, b in zip(operands.choice, operand_address.choice)],
                middle.write_enable.eq(epilogue.middle_enable[m]),
                middle.write_address.eq(epilogue.address),
                middle.write_value.eq(lane.middle_value),
                middle.write_operand.eq(lane.result),
                middle.operand_address.eq(sequencer.middle_address),
                middle.value_address.eq(epilogue.value_address),
                epilogue.values[m].eq(middle.value),
                operands.middle.eq(middle.source),
                operands.from_middle.eq(from_middle),
                *[a.eq(b) for a, b in zip(array.operands[m], operands.sources)],
                output.write_enable.eq(epilogue.output_enable[m]),
                output.write_address.eq(
                    Cat(epilogue.address[: log2_int(config.output_depth)], store.filling)
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

    `get_port`, `cd_array` and `technology` as for `Engine`. A reset through `control` stops
    everything at once; keep it up for a microsecond, so that reads under way have come back.
    """

    def __init__(self, config, get_port, cd_array="sys", technology=GENERIC):
        self.config = config
        self.reset = Signal()
        asked = Signal(reset=1, reset_less=True)
        self.sync += asked.eq(self.reset | ResetSignal("sys", allow_reset_less=True))
        # In an order that is the same in every run, as seeds of place and route have to be.
        resets = {cd: self._reset_of(cd, asked) for cd in dict.fromkeys((cd_array, "sys"))}
        engine = Engine(config, get_port, cd_array, technology)
        self.engine = OwnResets(technology, **resets)(engine)
        self.add_csr()

    def _reset_of(self, domain, asked):
        """`asked` in a clock domain, two registers behind its synchroniser."""
        arrived, *stages = (Signal(reset=1, reset_less=True) for _ in range(3))
        if domain == "sys":
            arrived = asked
        else:
            self.specials += MultiReg(asked, arrived, domain, reset=1)
        sync = getattr(self.sync, domain)
        for before, behind in zip((arrived, *stages), stages):
            sync += behind.eq(before)
        return stages[-1]

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
