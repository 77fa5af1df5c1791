import hashlib
import json
import struct
from dataclasses import replace

import numpy as np
import pytest

from litelic.host.errors import LitelicError
from litelic.host.program import file as program_file
from litelic.host.program.file import load_program, program_bytes, save_program
from litelic.host.program.layer import Gdn, Layer
from litelic.host.program.model import EntropyTable, Program

# Of the body of `make_program()`: files of 8-bit activations stay what they were.
PLAIN_HASH = "45f06809bed161b0fefc58a42dca2d9e4ed21cd81dc43f137df16ce84a33ecec"


def requantiser(rng, channels):
    return {
        "bias": rng.integers(-1000, 1000, channels).astype(np.int32),
        "multiplier": rng.integers(32768, 65536, channels).astype(np.uint16),
        "shift": rng.integers(0, 40, channels).astype(np.uint8),
    }


def make_layer(rng, name, kind, inputs, outputs, gdn=None, **fields):
    weight = rng.integers(-127, 128, (outputs, 3, 3, inputs)).astype(np.int8)
    return Layer(
        name=name, kind=kind, weight=weight, stride=2, padding=1,
        output_padding=int(kind == "deconv"), gdn=gdn, **requantiser(rng, outputs), **fields,
    )


def make_gdn(rng, name, function, channels):
    gamma = rng.integers(0, 128, (channels, channels)).astype(np.int8)
    return Gdn(
        name=name, function=function, operand_shift=7, gamma=gamma, output_shift=3,
        **requantiser(rng, channels),
    )


def make_wide_program():
    """16-bit activations."""
    program = make_program()
    first, last = program.analysis
    gdn = replace(first.gdn, operand_bits=15)
    first = replace(first, output="int16", lo=-9000, hi=9000, gdn=gdn)
    last = replace(last, input="wide", lo=-2000, hi=2000)
    entry, exit_ = program.synthesis
    entry = replace(entry, input="wide", output="int16", lo=-32768, hi=32767)
    exit_ = replace(exit_, input="wide")
    return replace(program, analysis=[first, last], synthesis=[entry, exit_])


def make_program(seed=1):
    rng = np.random.default_rng(seed)
    stored = {"output": "int8", "lo": -128, "hi": 127}
    return Program(
        name="tiny",
        analysis=[
            make_layer(
                rng, "g_a.0", "conv", 3, 4, make_gdn(rng, "g_a.1", "rsqrt", 4), input="centred",
                **stored,
            ),
            make_layer(
                rng, "g_a.2", "conv", 4, 2, input="int8", output="int16", lo=-32768, hi=32767
            ),
        ],
        synthesis=[
            make_layer(
                rng, "g_s.0", "deconv", 2, 4, make_gdn(rng, "g_s.1", "sqrt", 4), input="int16",
                **stored,
            ),
            make_layer(rng, "g_s.2", "deconv", 4, 3, input="int8", output="uint8", lo=0, hi=255),
        ],
        entropy=[
            EntropyTable(-3, np.array([0, 5, 60000, 65536], np.uint32)),
            EntropyTable(7, np.array([0, 65536], np.uint32)),
        ],
        metadata={"source": "a test"},
    )


def same(a, b):
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and np.array_equal(a, b)
    if isinstance(a, list):
        return len(a) == len(b) and all(map(same, a, b))
    if hasattr(a, "__dataclass_fields__"):
        return type(a) is type(b) and all(same(x, getattr(b, k)) for k, x in vars(a).items())
    return a == b


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "tiny.licp"
    save_program(make_program(), path)
    return path


def repack(data, change):
    """The file `data` with its description changed and its hash made right again."""
    body = data[56:]
    (length,) = struct.unpack_from("<I", body)
    start = -(-(8 + length) // 64) * 64
    description = change(json.loads(body[8 : 8 + length]))
    text = description if isinstance(description, bytes) else json.dumps(description).encode()
    head = struct.pack("<II", len(text), 0) + text
    body = head.ljust(-(-len(head) // 64) * 64, b"\0") + body[start:]
    header = struct.pack("<8sIIQ32s", data[:8], 0x01020304, 1, len(body),
                         hashlib.sha256(body).digest())
    return header + body


def refuse(path, data, message):
    path.write_bytes(data)
    with pytest.raises(LitelicError, match=message):
        load_program(path)


def test_round_trip(saved):
    program, model_hash = load_program(saved)
    assert same(program, make_program())
    assert model_hash == hashlib.sha256(saved.read_bytes()[56:]).digest()
    assert not same(program, make_program(seed=2))


def test_same_program_same_bytes(saved):
    assert program_bytes(make_program()) == saved.read_bytes()
    assert program_bytes(load_program(saved)[0]) == saved.read_bytes()


def test_16_bit_activations(tmp_path):
    """They need version 2; what has none of them is the file that it was in version 1."""
    wide, path = make_wide_program(), tmp_path / "wide.licp"
    save_program(wide, path)
    data = path.read_bytes()
    assert same(load_program(path)[0], wide) and data[12:16] == b"\2\0\0\0"
    assert data.count(b"operand_bits") == 1
    plain = program_bytes(make_program())
    assert plain[12:16] == b"\1\0\0\0" and b"operand_bits" not in plain
    assert hashlib.sha256(plain[56:]).hexdigest() == PLAIN_HASH
    refuse(path, data[:12] + b"\1" + data[13:], "version 1 is not the one it needs")
    again = repack(data, lambda d: d)[:12] + b"\2" + repack(data, lambda d: d)[13:]
    assert same(program_file.parse_program(again, "file")[0], wide)
    for bits in (0, 7, 8, 16, True, "15"):
        hostile = repack(data, put("analysis", 0, "gdn", "operand_bits", bits))
        refuse(path, hostile[:12] + b"\2" + hostile[13:], "makes no sense")


def test_factors_of_latents(tmp_path):
    """They need version 3, and are left out where all are 1."""
    scaled = replace(make_program(), latent_factors=np.array([3, 255], np.uint8))
    path = tmp_path / "scaled.licp"
    save_program(scaled, path)
    data = path.read_bytes()
    assert same(load_program(path)[0], scaled) and data[12:16] == b"\3\0\0\0"
    assert b"latent_factors" not in program_bytes(make_program())
    refuse(path, data[:12] + b"\1" + data[13:], "version 1 is not the one it needs")
    start = len(data) - 64  # the last tensor's
    assert data[start : start + 3] == b"\3\xff\0"
    for factors, message in ((b"\1\1", "left out where 1"), (b"\0\2", "must be 1..255")):
        changed = data[:start] + factors + data[start + 2 :]
        hostile = repack(changed, lambda description: description)
        refuse(path, hostile[:12] + b"\3" + hostile[13:], message)
    hostile = repack(data, put("latent_factors", 0))
    refuse(path, hostile[:12] + b"\3" + hostile[13:], "latent_factors names a tensor|must be uint8")


def test_save_replaces_atomically(saved):
    before = load_program(saved)[1]
    after = save_program(make_program(seed=2), saved)
    assert before != after == load_program(saved)[1]
    assert [p.name for p in saved.parent.iterdir()] == [saved.name]


def test_every_flipped_bit_is_refused(saved):
    data = saved.read_bytes()
    assert len(data) < 8192
    damaged = bytearray(data)
    for bit in range(len(data) * 8):
        damaged[bit // 8] ^= 1 << bit % 8
        with pytest.raises(LitelicError):
            program_file.parse_program(bytes(damaged), "file")
        damaged[bit // 8] ^= 1 << bit % 8


def test_every_truncation_is_refused(saved):
    data = saved.read_bytes()
    for length in range(len(data)):
        message = "not a LiteLIC program" if length < 8 else "truncated"
        with pytest.raises(LitelicError, match=message):
            program_file.parse_program(data[:length], "file")


def test_messages(saved, tmp_path):
    data = saved.read_bytes()
    path = tmp_path / "bad.licp"
    refuse(path, b"", "not a LiteLIC program")
    refuse(path, b"\x89PNG\r\n\x1a\n" + data[8:], "not a LiteLIC program")
    refuse(path, data + b"\0", "1 trailing bytes")
    refuse(path, data[:8] + data[8:12][::-1] + data[12:], "wrong endianness")
    refuse(path, data[:8] + b"\0" * 4 + data[12:], "corrupt: its endianness mark")
    refuse(path, data[:12] + struct.pack("<I", 5) + data[16:], "format version 5.*newer LiteLIC")
    refuse(path, data[:12] + struct.pack("<I", 3) + data[16:], "version 3 is not the one it needs")
    refuse(path, data[:12] + struct.pack("<I", 2) + data[16:], "version 2 is not the one it needs")
    refuse(path, data[:12] + struct.pack("<I", 0) + data[16:], "version 0 never existed")
    refuse(path, data[:-1] + b"\x01", "SHA-256")
    with pytest.raises(LitelicError, match="cannot read"):
        load_program(tmp_path / "missing.licp")
    with pytest.raises(LitelicError, match="cannot write"):
        save_program(make_program(), tmp_path / "missing" / "tiny.licp")


def test_too_large_is_refused_without_reading(tmp_path):
    path = tmp_path / "huge.licp"
    with path.open("wb") as file:
        file.truncate(program_file.LARGEST_FILE + 1)
    with pytest.raises(LitelicError, match="largest allowed"):
        load_program(path)


def test_a_device_is_not_read_for_ever(monkeypatch):
    monkeypatch.setattr(program_file, "LARGEST_FILE", 1000)
    with pytest.raises(LitelicError, match="largest allowed"):
        load_program("/dev/zero")


def test_a_program_is_saved_through_a_link(saved):
    link = saved.with_name("link.licp")
    link.symlink_to(saved)
    after = save_program(make_program(seed=2), link)
    assert link.is_symlink() and load_program(saved)[1] == after


def put(*path_and_value):
    """A change of a description: the last argument at the place the others name."""
    *path, key, value = path_and_value

    def change(description):
        place = description
        for step in path:
            place = place[step]
        place[key] = value
        return description

    return change


HOSTILE = {
    "not JSON": lambda d: b"{",
    "not UTF-8": lambda d: b"\xff\xfe",
    "a list": lambda d: [],
    "deep": lambda d: b"[" * 100_000,
    "huge number": lambda d: b"1" * 10_000,
    "missing key": lambda d: {k: v for k, v in d.items() if k != "entropy"},
    "extra key": put("extra", 1),
    "name not text": put("name", 5),
    "name too long": put("name", "x" * 2000),
    "metadata not text": put("metadata", "a", 1),
    "metadata too long": put("metadata", "a", "x" * 100_000),
    "no layers": put("analysis", []),
    "layers an object": put("analysis", {}),
    "layer a number": put("analysis", 0, 7),
    "stride zero": put("analysis", 0, "stride", 0),
    "stride true": put("analysis", 0, "stride", True),
    "stride huge": put("analysis", 0, "stride", 10**30),
    "stride float": put("analysis", 0, "stride", 2.0),
    "padding negative": put("analysis", 0, "padding", -1),
    "padding as large as the kernel": put("analysis", 0, "padding", 3),
    "padding huge": put("analysis", 0, "padding", 2**31 - 1),
    "kernel too tall": put("tensors", 7, "shape", [1, 256, 1, 1]),
    "analysis that grows": put("analysis", 0, "kind", "deconv"),
    "name that rings": put("name", "a\x07"),
    "name of half a character": put("name", "\ud800"),
    "layer that clears": put("analysis", 0, "name", "\x1b[2J"),
    "metadata of lines": put("metadata", "a", "b\nc"),
    "metadata key of lines": put("metadata", "a\nb", "c"),
    "kind unknown": put("analysis", 0, "kind", "pool"),
    "clamp reversed": put("analysis", 0, "lo", 128),
    "wrong storage": put("analysis", 1, "input", "uint8"),
    "gdn a list": put("analysis", 0, "gdn", []),
    "gdn unknown": put("analysis", 0, "gdn", "function", "exp"),
    "gamma a vector": put("tensors", 4, "shape", [16]),
    "tensor twice": put("analysis", 0, "weight", 3),
    "tensor missing": put("analysis", 0, "weight", 999),
    "tensor negative": put("analysis", 0, "weight", -1),
    "tensor unused": put("analysis", 0, "gdn", None),
    "tensor dtype": put("tensors", 0, "dtype", "float32"),
    "tensor dtype list": put("tensors", 0, "dtype", []),
    "tensor shape huge": put("tensors", 0, "shape", [1 << 30, 1 << 30, 1 << 30]),
    "tensor shape negative": put("tensors", 0, "shape", [-1, 3]),
    "tensor shape zero": put("tensors", 0, "shape", [0]),
    "tensor offset": put("tensors", 1, "offset", 0),
    "tensors cut": lambda d: {**d, "tensors": d["tensors"][:-1]},
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_description_with_right_hash(saved, name):
    data = saved.read_bytes()
    saved.write_bytes(repack(data, lambda d: d))
    load_program(saved)  # the repacking itself is harmless
    refuse(saved, repack(data, HOSTILE[name]), "makes no sense")


@pytest.mark.parametrize("seed", range(20))
def test_random_values_anywhere_end_in_a_message(saved, seed):
    rng = np.random.default_rng(seed)
    values = [None, True, -1, 0, 1, 3, 10**9, 1.5, "x", [], {}, [[]], {"a": 1}]

    def change(node):
        keys = list(node) if isinstance(node, dict) else list(range(len(node)))
        key = keys[rng.integers(len(keys))]
        if isinstance(node[key], (dict, list)) and node[key] and rng.random() < 0.8:
            change(node[key])
        else:
            node[key] = values[rng.integers(len(values))]
        return node

    data = saved.read_bytes()
    for _ in range(50):
        try:
            program_file.parse_program(repack(data, change), "file")
        except LitelicError as e:
            assert "makes no sense" in str(e)  # anything else fails the test with its traceback
