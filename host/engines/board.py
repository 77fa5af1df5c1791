"""A board as an engine: plans, uploads, runs, and reads back."""

import hashlib
from dataclasses import dataclass

import numpy as np

from litelic.accel.config import BEAT_BYTES, ArrayConfig
from litelic.accel.descriptor import COUNTERS, DESCRIPTOR_BYTES, RECORD_OFFSET, unpack_record
from litelic.host.errors import LitelicError
from litelic.host.link.board import DEFAULT_WATCHDOG_CYCLES
from litelic.host.link.transfers import Read, Write
from litelic.host.planner.cycles import Timing
from litelic.host.planner.maps import MAP_ALIGNMENT
from litelic.host.planner.plan import WEIGHTS_ADDRESS, PackedProgram, Plan
from litelic.host.program.network import join
from litelic.host.program.symbols import check_input

PATIENCE = 8  # times the planner's estimate, before the board gives a layer up
SLOTS = 3  # jobs at a time: one is computed, one sent, one fetched
SLOT_SHARE = 7  # of the DRAM for feature maps, a slot has one in so many
LABELS = {  # of what goes to and fro, by network
    "analysis": ("picture", "latents"), "hyper_analysis": ("latents", "hyper latents"),
    "hyper_synthesis": ("hyper latents", "parameters"), "synthesis": ("latents", "picture"),
}


def watchdog_cycles(plan):
    """Cycles after which a layer of `plan` must be stuck."""
    slowest = max(step.estimate for step in plan.steps)
    return max(DEFAULT_WATCHDOG_CYCLES, PATIENCE * int(slowest))


@dataclass(frozen=True)
class Job:
    """Networks to be run one after the other on one input.

    plan        : where everything is.
    descriptors : byte address of the descriptors.
    results     : (label, `FeatureMap`) of each network's.
    network     : name of the first one.
    """

    plan: Plan
    descriptors: int
    results: tuple
    network: str


class BoardEngine:
    """Runs a program on a `Board`.

    The weights are packed for the board's array and sent once; a board that still holds them is
    not sent them again. A job is sent, started, finished and fetched. Jobs of `SLOTS` slots may be
    on the board at a time (`pipeline.py`): each has its input and its results for itself, and all
    share the place of what is between, since one runs at a time.
    """

    def __init__(self, board, program, progress=None):
        self._board = board
        self._program = program
        self._progress = progress or (lambda label, done, total: None)
        if not board.info.array:
            raise LitelicError("the board has no accelerator; build it with --array")
        self.config = ArrayConfig.from_dict(board.info.array)
        self._packed = PackedProgram(
            program, self.config,
            Timing.of(
                board.info.clock_hz, board.info.array_clock_hz, board.info.dram_transfers
            ),
        )
        self._identity = hashlib.sha256(self._packed.weights).digest()
        self._loaded = board.info.program == self._identity
        self._jobs = {}
        self._records = []  # (`Step`, its record) of the layers of what was fetched last

    @property
    def macs_per_cycle(self):
        """The array's peak, multiplications a cycle."""
        return self.config.macs

    def analyse(self, pixels):
        """Latents int16 [h][w][c] of pixels uint8 [height][width][3]."""
        return self._run("analysis", pixels)

    def analyse_with_hyperprior(self, pixels):
        """Latents, hyper latents and parameters, int16 [h][w][c], of such pixels: one run, without
        the host."""
        return tuple(self.fetch(self._run_all(self._program.encoder_networks, pixels)))

    def hyper_synthesise(self, hyper):
        """Parameters int16 [h][w][c] of hyper latents int16 [h][w][c]."""
        return self._run("hyper_synthesis", hyper)

    def synthesise(self, latents):
        """Pixels uint8 [height][width][3] of what the synthesis reads, int16 [h][w][c]."""
        return self._run("synthesis", latents)

    def layers(self, network, x):
        """Yield (layer, output, counters) of every layer of one of the program's networks;
        `counters` has "cycles" and each cause.

        Raises `LitelicError` when the DRAM cannot keep every layer's output.
        """
        job = self._run_all([network], x, every=True)
        for step, report in zip(job.plan.steps, self.reports, strict=True):
            yield step.layer, self._read(step.layer.name, step.output), report["counters"]

    def stream(self, names, inputs, note=None):
        """Yield (input, results of the networks) of many inputs; see `pipeline.Pipeline`."""
        from litelic.host.engines.pipeline import Pipeline

        return Pipeline(self, self._program, names, note).run(inputs)

    # Jobs -----------------------------------------------------------------------------------------

    def job(self, names, shape, slot=None, every=False):
        """The `Job` of networks (by name, one after the other) for an input of that shape.

        slot  : 0 to SLOTS - 1, None for all of the DRAM.
        every : the results of all layers can be read at its end.
        Raises `LitelicError` when the DRAM is too small.
        """
        key = (*names, *shape, slot, every)
        if key not in self._jobs:
            if len(self._jobs) >= 4 * SLOTS:  # pictures of another size, probably
                self._jobs.clear()
            self._jobs[key] = self._plan(names, shape, slot, every)
        return self._jobs[key]

    def _plan(self, names, shape, slot, every):
        networks = [self._program.networks[name] for name in names]
        ends = [int(end) - 1 for end in np.cumsum([len(network) for network in networks])]
        layers, dram = join(*networks), self._board.info.dram_bytes
        descriptors, rooms = 0, None
        if slot is not None:
            room = WEIGHTS_ADDRESS // SLOTS // DESCRIPTOR_BYTES * DESCRIPTOR_BYTES
            if len(layers) * DESCRIPTOR_BYTES > room:
                raise LitelicError(f"{len(layers)} layers are too many for {SLOTS} jobs at a time")
            descriptors, rooms = slot * room, self._rooms(slot)
        plan = self._packed.plan(
            layers, *shape[:2], dram, kept=range(len(layers)) if every else ends, rooms=rooms
        )
        results = tuple(
            (LABELS[name][1], plan.steps[end].output) for name, end in zip(names, ends, strict=True)
        )
        return Job(plan, descriptors, results, names[0])

    def _rooms(self, slot):
        """(first byte, end) for the ends of a slot's jobs, and for what is between."""
        begin, end = self._packed.maps_address, self._board.info.dram_bytes
        size = (end - begin) // SLOT_SHARE // MAP_ALIGNMENT * MAP_ALIGNMENT
        shared = end - SLOTS * size
        shared -= shared % MAP_ALIGNMENT
        own = shared + slot * size
        return (own, own + size), (begin, shared)

    def send(self, job, x):
        """Put a job and its input on the board. `x` has been checked (`symbols.check_input`)."""
        self.exchange((job, x))

    def start(self, job):
        """Let it run, after those that were started before: the board goes from one to the next."""
        self._board.start(job.descriptors, len(job.plan.steps), watchdog_cycles(job.plan))

    def finish(self, job=None):
        """Wait until the oldest that was started has run; returns the cycles that it took.

        job : which one it is, for whoever is told how far it is.
        """
        label = job.network.replace("_", " ") if job else "run"
        return self._board.finish(lambda done, total: self._progress(label, done, total))

    def fetch(self, job):
        """The result of each network, int16 or uint8 [h][w][c]; leaves `reports`."""
        return self.exchange(fetched=job)[0]

    def exchange(self, sent=None, fetched=None):
        """`send` and `fetch` of two jobs, at the same time.

        sent    : (job, x) or None.
        fetched : another job, or None.

        Returns (results of what was fetched, {"send", "fetch": when (`time.monotonic`) it had
        ended}).
        """
        writes = self._writes(*sent) if sent else []
        reads = self._reads(fetched) if fetched else []
        self._board.move([*writes, *reads])
        ended = {
            what: max(transfer.ended for transfer in transfers)
            for what, transfers in (("send", writes), ("fetch", reads)) if transfers
        }
        if not fetched:
            return None, ended
        records, *results = reads
        self._look_at_records(fetched, records.data)
        return [
            where.from_bytes(read.data)
            for (_, where), read in zip(fetched.results, results, strict=True)
        ], ended

    def _writes(self, job, x):
        self._load()
        where = job.plan.input
        return [
            Write(where.address, where.to_bytes(x), self._told(f"send {LABELS[job.network][0]}")),
            Write(job.descriptors, job.plan.descriptors),
        ]

    def _reads(self, job):
        """The records of its layers first, then the results."""
        return [
            Read(job.descriptors, len(job.plan.steps) * DESCRIPTOR_BYTES),
            *(Read(where.address, where.size, self._told(f"receive {label}"))
              for label, where in job.results),
        ]

    @property
    def ended(self):
        """When (`time.monotonic`) the job that was finished last had ended on the board."""
        return self._board.run_ended

    def over(self):
        """Whether `finish` would come back at once."""
        self._board.wait(0)
        return self._board.run_over

    @property
    def running(self):
        """Whether a job was started that was not finished."""
        return self._board.running

    def _run(self, network, x):
        (result,) = self.fetch(self._run_all([network], x))
        return result

    def _run_all(self, names, x, every=False):
        check_input(self._program, names[0], x)
        job = self.job(names, x.shape, every=every)
        self.send(job, x)
        self.start(job)
        self.finish(job)
        if every:
            size = len(job.plan.steps) * DESCRIPTOR_BYTES
            self._look_at_records(job, self._board.read(job.descriptors, size))
        return job

    def _look_at_records(self, job, records):
        self._records = []
        for i, step in enumerate(job.plan.steps):
            begin = i * DESCRIPTOR_BYTES
            record = unpack_record(records[begin + RECORD_OFFSET : begin + DESCRIPTOR_BYTES])
            if record is None:
                raise LitelicError(
                    f"the board did not run layer {step.layer.name}; is its gateware of this "
                    "version?")
            self._records.append((step, record))

    @property
    def reports(self):
        """Of each layer of the job that was fetched last: its "layer", "macs", "predicted" (cycles,
        by the cycle model), "counters" (cycles) and "dram" (bytes moved, by kind)."""
        return [self._report(*of) for of in self._records]

    def _load(self):
        """Send the weights, unless the board holds them."""
        if self._loaded:
            return
        self._board.set_program(bytes(len(self._identity)))  # none, until all of it is there
        self._board.write(WEIGHTS_ADDRESS, self._packed.weights, self._told("send weights"))
        self._board.set_program(self._identity)
        self._loaded = True

    def _report(self, step, record):
        counters = {"cycles": record["total"], **{cause: record[cause] for cause in COUNTERS}}
        dram = {
            "input": record["input_words"] * self.config.port_bytes,
            "weights": record["weight_words"] * self.config.port_bytes,
            "output": record["output_beats"] * BEAT_BYTES,
        }
        return {
            "layer": step.layer, "macs": step.macs, "predicted": step.cycles,
            "counters": counters, "dram": dram,
        }

    def _read(self, label, where):
        data = self._board.read(where.address, where.size, self._told(f"receive {label}"))
        return where.from_bytes(data)

    def _told(self, label):
        return lambda done, total: self._progress(label, done, total)
