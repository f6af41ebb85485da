"""The table of a network's layers: what it adds up, what fits, what a terminal may be sent."""

import pytest

from ravine.networks import read_network
from ravine.render.numbers import cells
from ravine.studies.train.network_table import network_summary

ROWS = [
    ("input", (8, 8, 1), 0),
    ("convolution 3x3, batchnorm, relu", (8, 8, 16), 176),
    ("dense, relu", (1200,), 1_230_000),
    ("output", (10,), 12_010),
]


def test_a_line_a_layer_and_the_total():
    head, _, *layers, _, total = network_summary(ROWS).splitlines()
    assert head.split() == ["layer", "output", "parameters"]
    assert [each.split("  ")[0] for each in layers] == [name for name, _, _ in ROWS]
    assert layers[1].removeprefix(ROWS[1][0]).split() == ["8", "×", "8", "×", "16", "176"]
    assert total.split() == ["total", "1,242,186"]


def test_columns_are_aligned():
    lines = network_summary(ROWS).splitlines()
    assert len({cells(each) for each in lines}) == 1
    counts = ("0", "176", "1,230,000", "12,010")
    shapes = [line[: -len(count)].rstrip() for line, count in zip(lines[2:6], counts, strict=True)]
    assert len({cells(each) for each in shapes}) == 1  # shapes end in one column


@pytest.mark.parametrize("width", [0, 60, 61, 80, 200])
@pytest.mark.parametrize("unicode", [True, False])
def test_no_line_is_wider_than_asked(width, unicode):
    rows = [("dense, " * 30, (100_000,), 10**12), *ROWS]
    text = network_summary(rows, width, unicode)
    assert max(map(cells, text.splitlines())) <= max(60, width)
    assert "1,000,000,000,000" in text and "100,000" in text  # numbers are never cut
    assert unicode or text.isascii()


def test_it_is_as_narrow_as_its_content():
    assert max(map(cells, network_summary(ROWS, 200).splitlines())) < 70


def test_no_layers_make_a_total_of_none():
    assert network_summary([]).splitlines()[-1].split() == ["total", "0"]


def test_names_cannot_speak_to_the_terminal():
    assert "\x1b" not in network_summary([("\x1b[2J", (1,), 1)])


@pytest.mark.parametrize("text", ["linear", "64-32 highway layernorm", "16 conv=8-16 batchnorm dropout=0.1"])
def test_the_total_is_the_networks_parameters(text):
    network = read_network(text).build(64, 10, "relu", (8, 8, 1))
    last = network_summary(network.layers()).splitlines()[-1]
    assert last.split() == ["total", f"{network.parameters:,}"]


def test_summaries_need_no_jax():
    """Importing the module must not import JAX; a process of its own shows it."""
    import subprocess
    import sys

    code = "import sys, ravine.studies.train.network_table; sys.exit('jax' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
