"""The array's parameters: what is refused, and how they are written."""

import subprocess
import sys

import pytest

from litelic.accel.config import PORT_BYTES, ArrayConfig
from litelic.host.errors import LitelicError

PLAIN = ArrayConfig().to_dict()


@pytest.mark.parametrize("reduction", (4, 8))
@pytest.mark.parametrize("outputs", (2, 4, 6, 8, 16))
def test_weight_words_are_whole_beats(reduction, outputs):
    if reduction * outputs % 16:
        with pytest.raises(LitelicError, match="reduction x outputs must be a multiple of 16"):
            ArrayConfig(reduction, outputs)
    else:
        assert ArrayConfig(reduction, outputs).weight_beats == reduction * outputs // 16


@pytest.mark.parametrize("reduction", (1, 2, 3, 5, 16, 32))
def test_reduction_is_4_or_8(reduction):
    with pytest.raises(LitelicError, match=f"reduction must be 4 or 8, not {reduction}"):
        ArrayConfig(reduction=reduction, outputs=16)


@pytest.mark.parametrize("name", PLAIN)
@pytest.mark.parametrize("value", (0, -4, 4.0, "4", None))
def test_every_parameter_is_a_positive_integer(name, value):
    with pytest.raises(LitelicError, match=f"{name} must be a whole number above 0"):
        ArrayConfig(**PLAIN | {name: value})


@pytest.mark.parametrize("name", ("input_depth", "weight_depth", "middle_depth", "output_depth"))
@pytest.mark.parametrize("value", (1, 32, 65, 96, 1000, 1 << 16))
def test_depths_are_powers_of_two(name, value):
    with pytest.raises(LitelicError, match=f"{name} must be a power of two, from 64 to 32768"):
        ArrayConfig(**PLAIN | {name: value})


def test_lanes_fit_their_counters():
    with pytest.raises(LitelicError, match="pixels must be at most 128, not 144"):
        ArrayConfig(pixels=144, epilogue=72)
    assert ArrayConfig(pixels=128, epilogue=64).macs == 2048


def test_epilogue_divides_pixels():
    with pytest.raises(LitelicError, match=r"epilogue \(3\) must divide pixels \(8\)"):
        ArrayConfig(pixels=8, epilogue=3)
    assert ArrayConfig(pixels=6, epilogue=3).epilogue == 3


@pytest.mark.parametrize("value", (1, 8, 24, 48, 128))
def test_ports_are_16_to_64_bytes_wide(value):
    with pytest.raises(LitelicError, match=f"port_bytes must be 16, 32 or 64, not {value}"):
        ArrayConfig(port_bytes=value)


@pytest.mark.parametrize("value", (1, 4, 9, 15, 32))
def test_activations_have_8_or_16_bits(value):
    with pytest.raises(LitelicError, match=f"activation_bits must be 8 or 16, not {value}"):
        ArrayConfig(activation_bits=value)
    assert (ArrayConfig().operand_bits, ArrayConfig().middle_bits) == (9, 8)
    wide = ArrayConfig(activation_bits=16)
    assert (wide.operand_bits, wide.middle_bits) == (16, 15)


def test_a_board_that_does_not_know_of_16_bits_has_8():
    older = {name: value for name, value in PLAIN.items() if name != "activation_bits"}
    assert ArrayConfig.from_dict(older) == ArrayConfig()


@pytest.mark.parametrize("reduction, port_bytes, granule, bank", [
    (4, 16, 8, 4), (4, 32, 16, 8), (4, 64, 32, 16), (8, 16, 8, 8), (8, 32, 16, 8), (8, 64, 32, 16),
])
def test_granules_are_one_or_two_bank_words(reduction, port_bytes, granule, bank):
    """Two at most, so that both banks write a granule in one cycle; and a bank word holds all
    operands that are read in one."""
    config = ArrayConfig(reduction, port_bytes=port_bytes)
    assert (config.granule, config.bank) == (granule, bank)
    assert config.granule // config.bank in (1, 2) and config.bank >= reduction


def test_round_trips():
    config = ArrayConfig(8, 4, 6, 2, weight_depth=64, port_bytes=32)
    assert ArrayConfig.from_dict(config.to_dict()) == config
    assert config.shape == "8x4x6" and config.macs == 192
    parsed = ArrayConfig.parse("8X4x6")
    assert (parsed.reduction, parsed.outputs, parsed.pixels, parsed.epilogue) == (8, 4, 6, 1)
    assert ArrayConfig.parse("4x4x1").epilogue == 1
    assert [ArrayConfig.parse("4x4x8", port).port_bytes for port in PORT_BYTES] == [16, 32, 64]
    assert parsed.port_bytes == 16 and parsed.activation_bits == 8
    wide = ArrayConfig.parse("4x4x8", activation_bits=16)
    assert wide.activation_bits == 16 and ArrayConfig.from_dict(wide.to_dict()) == wide
    with pytest.raises(LitelicError, match="unknown parameters colour, size"):
        ArrayConfig.from_dict(config.to_dict() | {"size": 1, "colour": 2})


def test_shapes_and_parameters():
    assert ArrayConfig.parse("4x8x4,epilogue=2,weight_depth=64") == ArrayConfig(
        4, 8, 4, epilogue=2, weight_depth=64
    )
    assert ArrayConfig.parse("reduction=8,outputs=2", 32) == ArrayConfig(8, 2, port_bytes=32)
    assert ArrayConfig.parse("4x4x8,port_bytes=16", 32).port_bytes == 16
    assert ArrayConfig.parse("activation_bits=8", activation_bits=16).activation_bits == 8


@pytest.mark.parametrize(
    "text", ("", "4x4", "4x4x8x2", "axbxc", "4*4*8", "4x4x8,", "4x4x8,pixels", "pixels=many")
)
def test_a_text_that_is_no_array(text):
    with pytest.raises(LitelicError, match="write a shape .reduction x outputs x pixels"):
        ArrayConfig.parse(text)


@pytest.mark.parametrize("text", ("4x4x7", "4x4x5"))
def test_every_number_of_pixels_has_an_epilogue(text):
    assert ArrayConfig.parse(text).pixels == int(text[-1])


@pytest.mark.parametrize("module", ("config", "descriptor", "weights_format"))
def test_the_planner_needs_no_migen(module):
    code = (
        f"import sys, litelic.accel.{module}; "
        "sys.exit(sorted({'migen', 'litex', 'litedram'} & set(sys.modules)) or 0)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
