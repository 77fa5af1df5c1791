"""The models that come with LiteLIC: one architecture, several rates (docs/model.md)."""

from pathlib import Path

NAME = "default"
QUALITIES = (1, 2, 3, 4, 5)  # 1 is the lowest rate
DEFAULT_QUALITY = 3


def program_path(quality=DEFAULT_QUALITY):
    """The compiled program of a quality."""
    return Path(__file__).parent / f"quality{quality}.licp"


def checkpoint_path(quality=DEFAULT_QUALITY):
    """The checkpoint that it was compiled from."""
    return Path(__file__).parent / f"quality{quality}.pth"
