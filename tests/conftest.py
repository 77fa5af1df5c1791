"""What all tests share: seeds that can be replayed, hypothesis profiles, the order of the tests."""

import os
import zlib
from pathlib import Path

import pytest
from hypothesis import settings

# Quick and basic things first: when one breaks, what is built on it need not be waited for.
ORDER = ("host", "firmware", "accel", "formal", "soc", "targets", "system")

# The gate must not fail by chance: the same examples every time. Machines differ in speed, hence
# no deadline. The campaigns look for new examples, and print how to replay what they find.
settings.register_profile("gate", derandomize=True, deadline=None, print_blob=True)
settings.register_profile("long", max_examples=2000, deadline=None, print_blob=True)
settings.load_profile("gate")


def _base_seed():
    text = os.environ.get("LITELIC_SEED", "1")
    if text == "random":
        return int.from_bytes(os.urandom(4), "little")
    try:
        return int(text, 0)
    except ValueError:
        message = f"LITELIC_SEED must be a number or `random`, not {text!r}"
        raise pytest.UsageError(message) from None


def pytest_configure(config):
    # A process that runs some of the tests has the number of the one that started it.
    given = getattr(config, "workerinput", {})
    config.litelic_seed = given.get("litelic_seed", _base_seed())


@pytest.hookimpl(optionalhook=True)  # of pytest-xdist
def pytest_configure_node(node):
    node.workerinput["litelic_seed"] = node.config.litelic_seed


def pytest_report_header(config):
    return f"seed: {config.litelic_seed} (set LITELIC_SEED to a number, or to `random`)"


@pytest.fixture
def seed(request):
    """An integer, 0..2**32-1, for `np.random.default_rng(seed)`; printed when the test fails.

    It derives from LITELIC_SEED and the test's own name, so every test draws other numbers, and
    one test alone draws the same numbers as in the whole run. For many seeds a test:
    `@pytest.mark.parametrize("seed", range(10), indirect=True)`.
    """
    base = request.config.litelic_seed
    value = zlib.crc32(f"{base} {request.node.nodeid}".encode())
    replay = f"LITELIC_SEED={base} pytest '{request.node.nodeid}'"
    request.node.add_report_section("setup", "seed", f"{value}, replayed by: {replay}")
    return value


def _rank(item):
    folder = Path(item.path).relative_to(Path(__file__).parent).parts[0]
    return ORDER.index(folder) if folder in ORDER else -1


def pytest_collection_modifyitems(items):
    items.sort(key=_rank)
