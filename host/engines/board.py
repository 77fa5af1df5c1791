"""A board as an engine: plans, uploads, runs, and reads back."""

import hashlib

import numpy as np

from litelic.accel.config import BEAT_BYTES, ArrayConfig
from litelic.accel.descriptor import COUNTERS, DESCRIPTOR_BYTES, RECORD_OFFSET, unpack_record
from litelic.host.errors import LitelicError
from litelic.host.link.board import DEFAULT_WATCHDOG_CYCLES
from litelic.host.planner.cycles import Timing
from litelic.host.planner.plan import WEIGHTS_ADDRESS, PackedProgram
from litelic.host.program.network import join
from litelic.host.program.symbols import check_input

PATIENCE = 8  # times the planner's estimate, before the board gives a layer up


def watchdog_cycles(plan):
    """Cycles after which a layer of `plan` must be stuck."""
    slowest = max(step.cycles for step in plan.steps)
    return max(DEFAULT_WATCHDOG_CYCLES, PATIENCE * int(slowest))


class BoardEngine:
    """Runs a program on a `Board`.

    The weights are packed for the board's array and sent once; a board that still holds them is
    not sent them again.
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
        self.reports = []

    @property
    def macs_per_cycle(self):
        """The array's peak, multiplications a cycle."""
        return self.config.macs

    def analyse(self, pixels):
        """Latents int16 [h][w][c] of pixels uint8 [height][width][3]."""
        return self._read("latents", self._run("analysis", pixels).output)

    def analyse_with_hyperprior(self, pixels):
        """Latents, hyper latents and parameters, int16 [h][w][c], of such pixels: one run, without
        the host."""
        names = [name for name in self._program.networks if name != "synthesis"]
        plan = self._run_all(names, pixels)
        ends = np.cumsum([len(self._program.networks[name]) for name in names])
        labels = ("latents", "hyper latents", "parameters")
        return tuple(
            self._read(label, plan.steps[end - 1].output)
            for label, end in zip(labels, ends, strict=True)
        )

    def hyper_synthesise(self, hyper):
        """Parameters int16 [h][w][c] of hyper latents int16 [h][w][c]."""
        return self._read("parameters", self._run("hyper_synthesis", hyper).output)

    def synthesise(self, latents):
        """Pixels uint8 [height][width][3] of what the synthesis reads, int16 [h][w][c]."""
        return self._read("picture", self._run("synthesis", latents).output)

    def layers(self, network, x):
        """Yield (layer, output, counters) of every layer of one of the program's networks;
        `counters` has "cycles" and each cause.

        Raises `LitelicError` when the DRAM cannot keep every layer's output.
        """
        plan = self._run_all([network], x, every=True)
        for step, report in zip(plan.steps, self.reports, strict=True):
            yield step.layer, self._read(step.layer.name, step.output), report["counters"]

    def _run(self, network, x):
        return self._run_all([network], x)

    def _run_all(self, names, x, every=False):
        """Send `x`, run networks one after the other; the result of each is there at the end, or of
        `every` layer. Leaves a report a layer in `reports`: its
        "layer", "macs", "predicted" (cycles, by the cycle model), "counters" (cycles) and "dram"
        (bytes moved, by kind)."""
        check_input(self._program, names[0], x)
        networks = [self._program.networks[name] for name in names]
        ends = np.cumsum([len(network) for network in networks])
        plan = self._packed.plan(
            join(*networks), x.shape[0], x.shape[1], self._board.info.dram_bytes,
            kept=range(ends[-1]) if every else [int(end) - 1 for end in ends],
        )
        self._load()
        direction = names[0].replace("_", " ")
        label = {"analysis": "picture", "hyper_synthesis": "hyper latents"}.get(names[0], "latents")
        self._send(label, plan.input.address, plan.input.to_bytes(x))
        self._board.write(0, plan.descriptors)
        self._board.run(
            0, len(plan.steps), watchdog_cycles(plan),
            progress=lambda done, total: self._progress(direction, done, total),
        )
        records = self._board.read(0, len(plan.steps) * DESCRIPTOR_BYTES)
        self.reports = [
            self._report(step, records[i * DESCRIPTOR_BYTES : (i + 1) * DESCRIPTOR_BYTES])
            for i, step in enumerate(plan.steps)
        ]
        return plan

    def _load(self):
        """Send the weights, unless the board holds them."""
        if self._loaded:
            return
        self._board.set_program(bytes(len(self._identity)))  # none, until all of it is there
        self._send("weights", WEIGHTS_ADDRESS, self._packed.weights)
        self._board.set_program(self._identity)
        self._loaded = True

    def _report(self, step, descriptor):
        record = unpack_record(descriptor[RECORD_OFFSET:])
        if record is None:
            raise LitelicError(
                f"the board did not run layer {step.layer.name}; is its gateware of this version?"
            )
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

    def _send(self, label, address, data):
        self._board.write(
            address, data, lambda done, total: self._progress(f"send {label}", done, total)
        )

    def _read(self, label, where):
        data = self._board.read(
            where.address, where.size,
            lambda done, total: self._progress(f"receive {label}", done, total),
        )
        return where.from_bytes(data)
