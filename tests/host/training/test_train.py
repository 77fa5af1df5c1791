import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch")

from litelic.host.compiler.checkpoint import load_model  # noqa: E402
from litelic.host.errors import LitelicError  # noqa: E402
from litelic.host.training.photographs import load_photographs  # noqa: E402
from litelic.host.training.train import save, train  # noqa: E402

SMALL = {"N": 4, "M": 6, "batch": 1, "crop": 32}


class Interruption(Exception):
    pass


@pytest.fixture(scope="module")
def photographs(tmp_path_factory):
    """A folder with two pictures, large enough for the validation's crops."""
    folder = tmp_path_factory.mktemp("photographs")
    for seed in (1, 2):
        pixels = np.random.default_rng(seed).integers(0, 256, (256, 256, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{seed}.png")
    return folder


@pytest.fixture
def run(photographs):
    """Train quietly; gives the lines that were logged."""

    def run(output, steps=3, **options):
        lines = []
        train(output, [photographs], steps=steps, **{"log": lines.append, **SMALL, **options})
        return lines

    return run


@pytest.fixture(scope="module")
def trained(photographs, tmp_path_factory):
    path = tmp_path_factory.mktemp("trained") / "x.pth"
    train(path, [photographs], steps=3, log=lambda text: None, **SMALL)
    return path


def content(path):
    return torch.load(path, weights_only=True)


def copy(trained, folder, **changes):
    path = folder / "copy.pth"
    state = {**content(trained), **changes}
    save(path, {key: value for key, value in state.items() if value is not None})
    return path


def test_it_goes_on_where_it_stopped(run, trained, tmp_path):
    path = copy(trained, tmp_path)
    steps = []
    lines = run(path, steps=6, progress=lambda label, done, total: steps.append((label, done)))
    assert lines[0].startswith("going on from step 3 of ")
    assert [done for label, done in steps if label == "training"] == [4, 5, 6]
    assert content(path)["step"] == 6
    assert load_model(path).name == "bls2017-4-6"
    assert [p.name for p in tmp_path.iterdir()] == ["copy.pth"]


def test_it_starts_from_another_checkpoint(run, trained, tmp_path):
    """With its weights and nothing else; a rate of nearly 0 leaves them alone."""
    path = tmp_path / "next.pth"
    run(path, steps=1, start=trained, peak=1e-12, lmbda=1.0)
    begun, end = content(trained)["state_dict"], content(path)["state_dict"]
    for key in begun:
        if key.startswith("g_"):
            assert torch.allclose(begun[key], end[key], atol=1e-6), key
    assert content(path)["step"] == 1 and content(path)["lmbda"] == 1.0
    # What exists already goes on from itself.
    assert run(path, steps=2, start=tmp_path / "missing.pth")[0].startswith("going on from step 1")


def test_it_starts_from_the_same_architecture_only(run, trained, tmp_path):
    with pytest.raises(LitelicError, match="training can start from the same architecture only"):
        run(tmp_path / "next.pth", start=trained, N=6)
    assert not (tmp_path / "next.pth").exists()
    with pytest.raises(LitelicError):
        run(tmp_path / "next.pth", start=tmp_path / "missing.pth")


def test_an_interrupted_run_ends_as_one_that_was_not(run, tmp_path):
    def interrupt(label, done, total):
        if (label, done) == ("training", 3):
            raise Interruption

    whole, broken = tmp_path / "whole.pth", tmp_path / "broken.pth"
    run(whole, steps=4, report_every=2)
    with pytest.raises(Interruption):
        run(broken, steps=4, report_every=2, progress=interrupt)
    assert content(broken)["step"] == 2
    run(broken, steps=4, report_every=2)
    wanted, got = content(whole)["state_dict"], content(broken)["state_dict"]
    assert all(torch.equal(got[key], wanted[key]) for key in wanted)


def test_another_configuration_is_refused(run, trained):
    before = trained.read_bytes()
    with pytest.raises(LitelicError, match="holds a model with .*'N': 4.* this run wants .*'N': 8"):
        run(trained, N=8)
    assert trained.read_bytes() == before


@pytest.mark.parametrize(("changes", "message"), [
    ({"optimiser": None, "finetuned": 9}, "fine-tuned .* name another output"),
    ({"optimiser": {}}, "not a checkpoint"),
    ({"step": None}, "it has no step"),
    ({"config": None}, "it has no config"),
    ({"model": "other"}, "it holds something else"),
    ({"state_dict": {}}, "not a checkpoint"),
    ({"random": {"numpy": "{}"}}, "random state is damaged"),
])
def test_what_cannot_be_gone_on_from(run, trained, tmp_path, changes, message):
    path = copy(trained, tmp_path, **changes)
    with pytest.raises(LitelicError, match=message):
        run(path)


@pytest.mark.parametrize("damage", [
    lambda data: b"", lambda data: b"nonsense", lambda data: data[:1000],
    lambda data: data[: len(data) // 2],
])
def test_a_damaged_checkpoint_is_told(run, trained, tmp_path, damage):
    path = tmp_path / "x.pth"
    path.write_bytes(damage(trained.read_bytes()))
    with pytest.raises(LitelicError, match="is not a checkpoint of `litelic train`"):
        run(path)


def test_a_checkpoint_of_before_random_states_is_gone_on_from(run, trained, tmp_path):
    path = copy(trained, tmp_path, random=None)
    run(path, steps=4)
    assert content(path)["step"] == 4


def test_places_that_cannot_be_written(run, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(LitelicError, match="cannot make the folder"):
        run(tmp_path / "file" / "x.pth")
    with pytest.raises(LitelicError, match="cannot write"):
        save(tmp_path / "missing" / "x.pth", {})


def test_odd_crops_are_refused(run, tmp_path):
    with pytest.raises(LitelicError, match="multiple of 16"):
        run(tmp_path / "x.pth", crop=40)


def test_a_damaged_photograph_is_named(photographs, tmp_path):
    data = (photographs / "1.png").read_bytes()
    (tmp_path / "half.png").write_bytes(data[: len(data) // 2])
    with pytest.raises(LitelicError, match="half.png is not a photograph that can be read"):
        load_photographs([tmp_path], 1)
