"""Plain text tables."""


def print_row(widths, cells):
    """Print one row: a positive width aligns to the right, a negative one to the left.

    Rows are printed as they come, so that a long comparison shows where it is.
    """
    texts = (
        f"{cell:>{width}}" if width > 0 else f"{cell:<{-width}}"
        for width, cell in zip(widths, cells, strict=True)
    )
    print("  ".join(texts).rstrip(), flush=True)
