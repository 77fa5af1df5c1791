"""Where results are kept: in the checkout that LiteLIC runs from."""

from pathlib import Path

import litelic.host
from litelic.host.errors import LitelicError


def checkout():
    """The checkout's folder. Raises `LitelicError` when LiteLIC is installed without one."""
    folder = Path(litelic.host.__file__).resolve().parents[1]
    if not (folder / "pyproject.toml").is_file():
        raise LitelicError(
            "there is no checkout to keep results in: run this in one, or name files by options"
        )
    return folder


def results_file():
    """The rows that have been measured."""
    return checkout() / "docs" / "results" / "engine.json"


def page_file():
    """The page that shows them."""
    return checkout() / "docs" / "performance.md"
