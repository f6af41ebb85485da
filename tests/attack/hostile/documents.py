"""The JSON and TOML files of a run with odd, huge, deep or newer content."""

from __future__ import annotations

import functools
import json
import random
import re
from collections.abc import Callable
from typing import Any

from tests.attack import processes, product, undisturbed
from tests.attack.case import REFUSED, Failure, Skip, enumerated
from tests.attack.hostile.judging import COMMANDS, prepare, used

Change = Callable[[str], str]
Case = tuple[str, str, Change]  # what is changed, the file, how


def put(*way: Any) -> Change:
    """Set the key at the end of a way to the last argument."""
    *keys, last, value = way

    def change(text: str) -> str:
        tree = json.loads(text)
        try:
            functools.reduce(lambda inner, key: inner[key], keys, tree)[last] = value
        except (KeyError, IndexError, TypeError):
            raise Skip(f"a document has no place {way[:-1]}") from None
        return json.dumps(tree)

    return change


def whole(text: str) -> Change:
    return lambda _: text


def in_config(key: str, value: str) -> Change:
    line = f'{key} = "{value}"'

    def change(text: str) -> str:
        if re.search(rf"^{key} = ", text, re.M):
            return re.sub(rf"^{key} = .*$", lambda _: line, text, flags=re.M)
        return f"{text}{line}\n"

    return change


KEYS = (
    "id", "verb", "data", "created", "state", "summary", "settings", "pid", "host", "command", "versions",
    "split_hash", "seed",
)  # fmt: skip
VALUES = (
    None, 5, "x", "../../x", [], {}, True, -1e308, [[[]]], {"name": 5, "sha256": 5},
    "\x1b[31mRED\x1b[0m\n\x1b[2Jx", {"winner": 1, "tied": 5, "metric": [], "score": "x"},
    {"winner": None, "tied": None, "score": None},
    {"winner": "\x1b]0;title\x07", "tied": ["a"], "metric": "m", "score": 1e999},
)  # fmt: skip
MOMENTS = (
    "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "9999-12-31T23:59:59.999999+00:00",
    "2026-13-01", "", "2026-01-01", "20260101", "now",
)  # fmt: skip
BEGIN = '{"schema_version": 1, "id": "a", "state": "finished"'
WHOLE_RUNS = {
    "of 50 MB": lambda _: '{"schema_version": 1, "state": "finished", "id": "' + "x" * 50_000_000 + '"}',
    "nested 200,000 deep": lambda _: "[" * 200_000 + "]" * 200_000,
    "with a number of 100,000 digits": lambda _: f'{BEGIN}, "n": {"9" * 100_000}}}',
    "with a key twice": whole(f'{BEGIN}, "schema_version": 1}}'),
    "with a lone surrogate": whole(BEGIN.replace('"a"', '"a\\ud800"') + "}"),
    "of an unknown command": whole(f'{BEGIN}, "verb": "lecture"}}'),
}
CONFIGS = [
    ("source", "/etc/passwd"), ("source", "../../../../etc/passwd"), ("source", "/dev/zero"), ("source", "-"),
    ("source", ""), ("source", "\\u0000"), ("source", "digits"), ("test", "/etc/passwd"),
    ("net", "9999-9999-9999"), ("device", "gpu"), ("device", "x"), ("engine", "dask:tcp://192.0.2.1:9"),
    ("optimizer", "os:system('touch PWNED')"),
    ("optimizer", "adam(b1=__import__('os').system('touch PWNED'))"),
    ("optimizer", "evil.py:f"), ("optimizer", "r/evil.py:f"), ("net", "evil.py:f"), ("loss", "evil.py:f"),
]  # fmt: skip
EVIL = "open('PWNED', 'w').close()\ndef f(learning_rate): pass\n"
DOCUMENTS = (
    "{}", "[]", "null", "5", '"x"', '{"result": 5}', '{"result": {}}', '{"leaderboard": []}',
    '{"leaderboard": [{}]}', '{"leaderboard": 5}', '{"metric": null, "data": null, "plan": null}',
    f'{{"study": "{product.MEMORIZE}"}}', '{"study": "descent"}', '{"findings": []}', '{"effects": []}',
    '{"run_dir": 5}',
)  # fmt: skip


def _cases() -> list[Case]:
    found: list[Case] = []
    for version in (2, 99, 10**30, -1, 0, 1.5, "1", None, True, [], {}):
        for file in (product.RUN, product.MODEL):
            found.append(
                (f"schema_version {str(version)[:12]} in {file}", file, put("schema_version", version))
            )
    for key in KEYS:
        found += [
            (f"{key} = {str(value)[:34]!r} in {product.RUN}", product.RUN, put(key, value))
            for value in VALUES
        ]
    found += [(f"created {moment!r}", product.RUN, put("created", moment)) for moment in MOMENTS]
    found += [(f"{product.RUN} {name}", product.RUN, change) for name, change in WHOLE_RUNS.items()]
    for verb in ("compare", "sweep", "diagnose", "descent"):
        found.append((f"a training said to be {verb}", product.RUN, put("verb", verb)))
    for state in ("stopped", "running"):
        found.append((f"a finished run said to be {state}", product.RUN, put("state", state)))
    found += [
        (f"{key} = {value} in {product.CONFIG}", product.CONFIG, in_config(key, value))
        for key, value in CONFIGS
    ]
    for file in (product.RESULT, product.PLAN):
        found += [(f"{file} is {text[:40]}", file, whole(text)) for text in DOCUMENTS]
    return found


def changed(rng: random.Random, case: tuple[Case, str], folder: Any) -> str | None:
    (name, file, change), command = case
    run = undisturbed.copy("train", folder / "r")
    for place in (folder, run):
        (place / "evil.py").write_text(EVIL)  # a Python file that the user never named
    (run / file).write_text(change((run / file).read_text()))
    return used(command, run, folder, name)


def shown(rng: random.Random, text: str, folder: Any) -> str | None:
    """A result of another kind, shown as text and not as JSON: it must not break."""
    run = undisturbed.copy("train", folder / "r")
    (run / product.RESULT).write_text(text)
    status, _, said = product.command(["resume", run], folder)
    processes.must_not_break(status, said, about=f"{product.RESULT} is {text[:40]}, shown as text")
    if status in product.FINISHED:
        raise Failure("changed result", f"{product.RESULT} is {text[:40]}: shown as text, nothing said")
    return REFUSED


FAMILIES = [
    enumerated(
        "documents", [(case, command) for case in _cases() for command in COMMANDS], changed, prepare=prepare
    ),
    enumerated("shown", DOCUMENTS, shown, prepare=prepare),
]
