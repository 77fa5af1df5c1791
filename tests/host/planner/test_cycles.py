"""The formula that tilings are chosen with."""

import dataclasses

import numpy as np
import pytest

from litelic.accel.array import MultiplierArray
from litelic.accel.config import ARRAY_CYCLES, EPILOGUE_CYCLES, ArrayConfig
from litelic.accel.epilogue import Epilogue, EpilogueLane
from litelic.accel.operands import OperandMemory
from litelic.host.planner.cycles import Timing, bus_cycles, compute_cycles, estimate, price
from litelic.host.planner.pack import pack
from litelic.host.planner.taps import split
from litelic.host.planner.tiling import choose, task_of
from tests.random_layers import random_layer

CONFIG = ArrayConfig()


def example(gdn="rsqrt", height=64, width=96):
    layer = random_layer(
        np.random.default_rng(1), kind="conv", kernel=5, stride=2, padding=2, in_channels=16,
        out_channels=16, input="int8", output="int8", gdn=gdn,
    )
    task = task_of(layer, split(layer), pack(layer, CONFIG), CONFIG, height, width)
    return layer, task, choose(task, CONFIG)


def test_an_idle_bus_costs_nothing_but_start_and_end():
    """With a DRAM that needs no time, the tiles' multiplications are nearly all there is."""
    layer, task, tiling = example(gdn=False)
    busy, compute = compute_cycles(task, CONFIG, tiling.cells)
    tiles = tiling.tiles[0] * tiling.tiles[1]
    assert busy * CONFIG.macs * tiles >= layer.macs(64, 96)
    assert compute == busy
    fast = Timing(latency=0, word=0, row=0, ratio=1e-6)
    assert estimate(task, tiling, CONFIG, fast) == pytest.approx(
        tiles * compute + CONFIG.flush_cycles, abs=1,
    )


def test_a_normalisation_adds_its_words_and_the_flush():
    _, plain, tiling = example(gdn=False)
    _, fused, _ = example()
    pixels = tiling.cells[0] * tiling.cells[1]
    words = 16 // CONFIG.reduction
    extra = compute_cycles(fused, CONFIG, tiling.cells)[1]
    extra -= compute_cycles(plain, CONFIG, tiling.cells)[1]
    assert extra == pixels * 4 * max(words, CONFIG.drain_cycles) + CONFIG.flush_cycles


def test_a_slow_dram_sets_the_pace():
    _, task, tiling = example()
    slow = Timing(word=50)
    _, pace = bus_cycles(task, tiling, CONFIG, slow)
    tiles = tiling.tiles[0] * tiling.tiles[1]
    assert estimate(task, tiling, CONFIG, slow) > (tiles - 1) * pace > 0
    assert estimate(task, tiling, CONFIG, slow) > 5 * estimate(task, tiling, CONFIG)


def test_a_faster_array_clock_costs_array_cycles_for_the_bus():
    _, task, tiling = example()
    one, two = (estimate(task, tiling, CONFIG, Timing(ratio=ratio)) for ratio in (1, 2))
    assert one < two < 2 * one


def test_clocks_of_a_board():
    timing = Timing.of(200e6, 400e6)
    assert timing.ratio == 2 and timing.row == 2 * Timing().row


def test_the_choice_is_the_cheapest_of_what_is_tried():
    _, task, tiling = example()
    assert tiling.price == price(task, tiling, CONFIG)
    narrow = dataclasses.replace(tiling, cells=(1, 1), tiles=tuple(
        -(-cells // lanes) for cells, lanes in zip(task.cells, tiling.lanes, strict=True)
    ))
    assert price(task, narrow, CONFIG) >= tiling.price


def test_of_two_tilings_that_take_as_long_the_one_with_less_traffic_is_cheaper():
    """Twice as many tiles, while the array sets the pace."""
    _, task, tiling = example(gdn=False)
    more = dataclasses.replace(tiling, tiles=(2 * tiling.tiles[0], tiling.tiles[1]))
    fast = Timing(ratio=1e-3)  # a bus that is never waited for
    apart = price(task, more, CONFIG, fast) - estimate(task, more, CONFIG, fast)
    assert apart > price(task, tiling, CONFIG, fast) - estimate(task, tiling, CONFIG, fast) > 0


@pytest.mark.parametrize("reduction", (4, 8))
def test_latencies_are_the_hardware_s(reduction):
    config = ArrayConfig(reduction)
    levels = (config.reduction - 1).bit_length()
    assert OperandMemory.latency + MultiplierArray(config).latency == ARRAY_CYCLES + levels
    assert EPILOGUE_CYCLES == Epilogue.read_latency + EpilogueLane.latency + 1  # and a register
