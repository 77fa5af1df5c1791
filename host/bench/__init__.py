"""`make bench`: what the engine does with whole codecs, in cycle-accurate simulation.

`rows` says what is measured and `models` on what, `measure` measures a row, `results` keeps the
rows in `docs/results/engine.json`, `page` writes them into `docs/performance.md`, and `command` is
the command line. Run as `python -m litelic.host.bench`.
"""
