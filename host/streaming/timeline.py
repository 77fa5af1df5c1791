"""What was busy when, as a picture: an SVG file."""

from html import escape

ROWS = ("send", "compute", "fetch")
COLOURS = ("#3b6ea5", "#e08a2c")  # of every other picture
LEFT, RIGHT, TOP, ROW, BAR, WIDTH = 130, 40, 30, 26, 18, 1000
TICKS = 10


def svg(times, boards):
    """The timeline of a `stream.Times` that keeps its rows; `boards` are the boards' names."""
    rows = [(who, what) for who in range(len(boards)) for what in ROWS]
    begin = min((row[3] for row in times.rows), default=0.0)
    end = max((row[4] for row in times.rows), default=1.0)
    scale = WIDTH / max(end - begin, 1e-9)
    height = TOP + ROW * len(rows) + 30
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDTH + RIGHT}" height="{height}" '
        'font-family="sans-serif" font-size="12">',
        '<rect width="100%" height="100%" fill="white"/>',
    ]
    for tick in range(TICKS + 1):
        x = LEFT + WIDTH * tick / TICKS
        parts += [
            f'<line x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" y2="{height - 30}" stroke="#ddd"/>',
            f'<text x="{x:.1f}" y="{height - 12}" text-anchor="middle">'
            f"{(end - begin) * tick / TICKS:.2f} s</text>",
        ]
    for i, (who, what) in enumerate(rows):
        y = TOP + ROW * i
        if what == ROWS[0]:
            parts.append(f'<text x="4" y="{y - 4 if i else 18}">{escape(boards[who])}</text>')
        parts.append(f'<text x="{LEFT - 8}" y="{y + 14}" text-anchor="end">{what}</text>')
        parts += [
            f'<rect x="{LEFT + (start - begin) * scale:.2f}" y="{y + 2}" '
            f'width="{max((stop - start) * scale, 0.5):.2f}" height="{BAR}" '
            f'fill="{COLOURS[number % 2]}"><title>{what} {number}: {stop - start:.3f} s</title>'
            "</rect>"
            for whose, number, kind, start, stop in sorted(times.rows)
            if (whose, kind) == (who, what)
        ]
    return "\n".join([*parts, "</svg>\n"])
