"""The text of `--engine`: what it names, what is refused, and which connection is open to others."""

import pytest

from ravine.engines.engine_text import EngineChoice, read_engine
from ravine.errors import UsageError


@pytest.mark.parametrize(
    ("text", "choice"),
    [
        ("threads", EngineChoice()),
        ("processes", EngineChoice(processes=True)),
        ("dask:local:4", EngineChoice(workers=4)),
        ("dask:tcp://127.0.0.1:8786", EngineChoice("tcp://127.0.0.1:8786")),
        ("dask:tls://node-7.farm.example:8786", EngineChoice("tls://node-7.farm.example:8786")),
        ("dask:tls://[fe80::1]:1", EngineChoice("tls://[fe80::1]:1")),
    ],
)
def test_a_text_names_an_engine(text, choice):
    assert read_engine(text) == choice
    assert choice.is_threads == (text == "threads")


@pytest.mark.parametrize(
    "text",
    [
        "", "thread", "dask", "dask:", "dask:local", "dask:local:0", "dask:local:-1", "dask:local:x",
        "dask:local:2:3", "dask:local:99999", "dask:tcp://host", "dask:tcp://host:0", "dask:tcp://host:65536",
        "dask:http://host:1", "dask:tcp://:1", "tcp://host:1", "dask:tcp://host:1/x", "dask:tcp://a b:1",
    ],
)  # fmt: skip
def test_another_text_is_refused(text):
    with pytest.raises(UsageError, match="no engine") as refused:
        read_engine(text)
    assert refused.value.option == "engine" and refused.value.value == text
    assert "--engine dask:local:4" in refused.value.fix


@pytest.mark.parametrize(
    ("text", "exposed"),
    [
        ("threads", False),
        ("processes", False),
        ("dask:local:2", False),
        ("dask:tcp://127.0.0.1:1", False),
        ("dask:tcp://[::1]:1", False),
        ("dask:tcp://localhost:1", False),
        ("dask:tcp://10.0.0.1:1", True),
        ("dask:tcp://cluster:1", True),
        ("dask:tls://cluster:1", False),
    ],
)
def test_a_network_without_tls_is_exposed(text, exposed):
    assert read_engine(text).is_exposed == exposed
