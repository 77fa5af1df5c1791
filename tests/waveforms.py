"""Read VCD files, as far as LiteScope's go."""

import re


def read_vcd(path):
    """({name: a value a time step}, the length of a step in picoseconds)."""
    text = path.read_text()
    head, body = text.split("$dumpvars")
    names = dict(re.findall(r"\$var wire \d+ (\S+) (\S+) \$end", head))
    step = int(re.search(r"\$timescale (\d+)ps \$end", head)[1])
    waves, now = {name: [] for name in names.values()}, {}
    last = 0
    for line in body.split("$end\n", 1)[1].splitlines():
        if line.startswith("#"):
            _extend(waves, now, int(line[1:]) - last)
            last = int(line[1:])
        else:
            value, code = line.removeprefix("b").split()
            now[names[code]] = int(value, 2)
    _extend(waves, now, 1)
    return waves, step


def _extend(waves, now, steps):
    for name, values in waves.items():
        values += [now.get(name)] * steps
