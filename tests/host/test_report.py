"""The table that the demo and the benchmark print."""

from types import SimpleNamespace

from litelic.host import report
from tests.host.codec.models import small_program


def layer_report(layer, macs, **counters):
    counters = {"cycles": sum(counters.values()), **counters}
    return {"layer": layer, "macs": macs, "counters": counters}


def engine():
    first, second = small_program(1).analysis
    return SimpleNamespace(macs_per_cycle=10, reports=[
        layer_report(first, 300, busy=40, input=7, drain=3),
        layer_report(second, 100, busy=20, input=0, drain=30),
    ])


def test_a_direction_is_the_sum_of_its_layers():
    found = report.direction_report(engine())
    assert (found["macs"], found["cycles"], found["utilisation"]) == (400, 100, 0.4)
    first, second = found["layers"]
    assert first == {
        "name": "g_a.0", "kind": "conv+reciprocal", "macs": 300, "cycles": 50, "utilisation": 0.6,
        "stalls": {"input": 7, "drain": 3},
    }
    assert second["kind"] == "conv" and second["stalls"] == {"input": 0, "drain": 30}


def test_the_table_names_layers_causes_and_totals(capsys):
    total = report.direction_report(engine())
    report.print_table(
        {"layers": total["layers"], "encoder": total, "decoder": total, "macs_per_cycle": 10})
    titles, first, second, encoder, decoder = capsys.readouterr().out.splitlines()
    assert titles.split()[:3] == ["layer", "kind", "MACs"]
    assert first.split() == ["g_a.0", "conv", "300", "50", "60.0", "input", "7,", "drain", "3"]
    assert second.split()[4:] == ["20.0", "drain", "30"]
    assert encoder.split() == ["encoder", "400", "100", "40.0", *"of 10 MACs a cycle".split()]
    assert decoder.split()[0] == "decoder"
