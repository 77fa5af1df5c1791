"""`litelic encode` and `litelic decode`, with the golden model."""

import numpy as np
import pytest
from PIL import Image

from litelic.host.cli import options
from litelic.host.codec import pictures
from litelic.host.errors import LitelicError
from litelic.host.link.access import Access
from litelic.host.link.protocol import BAUDRATE
from litelic.host.link.secret import VARIABLE, key_of
from litelic.host.program.symbols import latents_of
from tests.host.codec.models import GoldenEngine, small_program


def files(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def encoded(run, engine, picture_path, program_path):
    status, _, err = run("encode", picture_path, "--program", program_path, "--golden")
    assert (status, err) == (0, "")
    return picture_path.with_suffix(".lic")


def test_round_trip(run, engine, encoded, picture_path, program_path):
    output = picture_path.with_name("back.ppm")
    status, out, err = run("decode", encoded, output, "--program", program_path, "--golden")
    assert (status, err) == (0, "")
    assert out.startswith(f"{output}: 19x11, ")
    golden = GoldenEngine(small_program(1))
    latents = golden.analyse(pictures.extend(pictures.load(picture_path).pixels, 8))
    expected = golden.synthesise(latents_of(golden.program, latents))[:11, :19]
    assert np.array_equal(pictures.load(output).pixels, expected)


def test_the_summary_of_encode(run, engine, picture_path, program_path):
    _, out, _ = run("encode", picture_path, "--program", program_path, "--golden")
    output = picture_path.with_suffix(".lic")
    size = output.stat().st_size
    assert out.startswith(f"{output}: 19x11, {size} bytes, {8 * size / (19 * 11):.3f} bpp, ")


def test_the_engine_is_the_one_asked_for(
    run, engine, picture_path, program_path, tmp_path, monkeypatch
):
    words = tmp_path / "words"
    words.write_text("open, sesame\n")
    secret = key_of("open, sesame")
    monkeypatch.delenv(VARIABLE, raising=False)
    for argv, expected in (
        (["--port", "COM3", "--baudrate", "9600"], ("COM3", False, False, Access(9600))),
        (["--port", "udp://x", "--take-over"], ("udp://x", False, False, Access(take_over=True))),
        (["--port", "udp://x", "--secret-file", words],
         ("udp://x", False, False, Access(secret=secret))),
        (["--sim"], (None, True, False, Access(BAUDRATE))),
        (["--golden"], (None, False, True, Access(BAUDRATE))),
    ):
        assert run("encode", picture_path, "-f", "--program", program_path, *argv)[0] == 0
        assert engine.made[-1][0] == expected
    monkeypatch.setenv(VARIABLE, " open, sesame ")
    assert run("encode", picture_path, "-f", "--program", program_path, "--port", "x")[0] == 0
    assert engine.made[-1][0][3] == Access(secret=secret) and secret.hex() not in repr(engine.made)


def test_a_secret_that_cannot_be_read(run, engine, picture_path, program_path, tmp_path):
    (tmp_path / "empty").write_text(" \n")
    for name, words in (("missing", "cannot read the secret"), ("empty", "is empty")):
        status, _, err = run("encode", picture_path, "--program", program_path, "--port", "x",
                             "--secret-file", tmp_path / name)
        assert status == 1 and words in err and err.count("\n") == 1
    assert not engine.made


def test_greyscale_stays_greyscale(run, engine, tmp_path, program_path):
    source = tmp_path / "grey.png"
    Image.new("L", (9, 9), 77).save(source)
    tail = ("--program", program_path, "--golden")
    assert run("encode", source, *tail)[0] == 0
    assert run("decode", tmp_path / "grey.lic", tmp_path / "out.png", *tail)[0] == 0
    with Image.open(tmp_path / "out.png") as image:
        assert image.mode == "L"


def test_existing_files_are_kept_unless_forced(run, engine, encoded, picture_path, program_path):
    before = encoded.read_bytes()
    tail = ("--program", program_path, "--golden")
    status, _, err = run("encode", picture_path, *tail)
    assert status == 1 and "--force" in err
    status, _, err = run("decode", encoded, *tail)  # photo.png, the original
    assert status == 1 and "photo.png exists" in err
    assert encoded.read_bytes() == before
    assert run("encode", picture_path, *tail, "--force")[0] == 0


def test_the_input_is_never_overwritten(picture_path):
    with pytest.raises(LitelicError, match="is the input"):
        options.check_output(picture_path, picture_path, force=True)
    link = picture_path.with_name("link.png")
    link.symlink_to(picture_path)
    with pytest.raises(LitelicError, match="is the input"):
        options.check_output(link, picture_path, force=True)


@pytest.mark.parametrize(("argv", "message"), [
    (["encode", "missing.png"], "no file"),
    (["encode", "photo.png", "out.png"], "ends with .lic"),
    (["encode", "photo.png", "nowhere/out.lic"], "no folder"),
    (["encode", "photo.png", "folder.lic"], "is a folder"),
    (["encode", "."], "is a folder"),
    (["encode", "clear.png"], "--flatten COLOUR"),
    (["decode", "missing.lic"], "cannot read missing.lic"),
    (["decode", "photo.png", "out.png"], "not a .lic file"),
    (["decode", "photo.lic", "out.jpg"], "not a lossless format"),
    (["decode", "damaged.lic"], "damaged.lic is damaged"),
    (["decode", "photo.lic", "out.png", "--program", "photo.png"], "photo.png is not a LiteLIC"),
    (["decode", "photo.lic", "out.png", "--program", "other.licp"], "was made with the model"),
])
def test_errors_are_told_before_an_engine_starts(
    run, engine, encoded, program_path, monkeypatch, tmp_path, argv, message
):
    from litelic.host.program.file import save_program

    monkeypatch.chdir(tmp_path)
    Image.new("RGBA", (4, 4)).save("clear.png")
    (tmp_path / "folder.lic").mkdir()
    data = bytearray(encoded.read_bytes())
    data[-1] ^= 1
    (tmp_path / "damaged.lic").write_bytes(data)
    save_program(small_program(2), tmp_path / "other.licp")
    engine.made.clear()
    before = files(tmp_path)
    program = [] if "--program" in argv else ["--program", program_path]
    status, out, err = run(*argv, *program, "--golden")
    assert (status, out) == (1, "")
    assert err.startswith("litelic: error: ") and message in err and err.count("\n") == 1
    assert not engine.made
    assert files(tmp_path) == before


@pytest.mark.parametrize("error", [LitelicError("the cable is out"), KeyboardInterrupt()])
def test_a_failing_engine_leaves_nothing_behind(
    run, engine, picture_path, program_path, tmp_path, error
):
    class Failing(GoldenEngine):
        def layers(self, direction, x):
            raise error

    engine.factory = Failing
    before = files(tmp_path)
    status, _, err = run("encode", picture_path, "--program", program_path, "--sim")
    assert status == (1 if isinstance(error, LitelicError) else 130)
    assert "Traceback" not in err
    assert files(tmp_path) == before


def test_flatten(run, engine, tmp_path, program_path):
    Image.new("RGBA", (4, 4)).save(tmp_path / "clear.png")
    argv = ("encode", tmp_path / "clear.png", "--program", program_path, "--golden")
    assert run(*argv, "--flatten", "navy")[0] == 0


@pytest.mark.parametrize("quality", (1, 5))
def test_a_file_of_any_packaged_quality_is_decoded(run, picture_path, quality):
    """Without naming the quality again: the file names its model."""
    assert run("encode", picture_path, "--quality", quality, "--golden")[0] == 0
    source = picture_path.with_suffix(".lic")
    assert run("decode", source, picture_path.with_name("back.png"), "--golden")[0] == 0
    decoded = pictures.load(picture_path.with_name("back.png"))
    assert (decoded.width, decoded.height) == (19, 11)
    other = 6 - quality
    status, _, err = run("decode", "-f", source, "--quality", other, "--golden")
    assert status == 1 and "name the program that made it with --program" in err


def test_more_quality_more_bytes(run, picture_path):
    sizes = []
    for quality in range(1, 6):
        assert run("encode", "-f", picture_path, "--quality", quality, "--golden")[0] == 0
        sizes.append(picture_path.with_suffix(".lic").stat().st_size)
    assert sizes == sorted(sizes) and sizes[-1] > 1.5 * sizes[0]
