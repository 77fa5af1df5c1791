"""`make area`: what the engine alone takes of an FPGA, and how fast it is there.

`families` says how a family is synthesised and what its cells count as, `sources` writes the
Verilog, `tools` runs Yosys and nextpnr, `figures` reads what they print, `measure` makes rows of
it, `results` keeps the rows in `docs/results/area.json`, `tables` and `page` write them into
`docs/performance.md`, and `command` is the command line. Run as `python -m litelic.host.area`.
"""
