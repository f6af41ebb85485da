"""Write `docs/json.md` from the result types: every field with its type and its text.

python scripts/generate_json_docs.py            write the file
python scripts/generate_json_docs.py --check    exit with 1 if it is out of date
"""

from __future__ import annotations

import ast
import dataclasses
import inspect
import itertools
import sys
import textwrap
import types
import typing
from collections.abc import Iterator
from pathlib import Path

from ravine.execution.registry import STUDIES, find_study
from ravine.execution.result import SCHEMA_VERSION

FILE = Path(__file__).resolve().parents[1] / "docs" / "json.md"
HEAD = f"""# What `--json` prints

One document on standard output; `null` where there is no number (a NaN is never printed). `schema_version` is
{SCHEMA_VERSION}. Intervals are `[low, high]` at 95 %. Paths are where the run lies now. `result.json` in a run
directory holds the same document. Written from the result types by `scripts/generate_json_docs.py`.
"""
SIMPLE = {int: "integer", float: "number", str: "text", bool: "true or false", types.NoneType: "null"}


def main() -> int:
    """Write the file, or compare it with what would be written."""
    text = source()
    if "--check" not in sys.argv:
        FILE.write_text(text)
        return 0
    return int(FILE.read_text() != text)


def source() -> str:
    """Return the text of the file."""
    parts = [HEAD]
    described: set[type] = set()
    for name in STUDIES:
        study = find_study(name)
        parts.append(f"## `ravine {name}`\n")
        parts += _tables(study.result_type, described)
        parts.append(f"### `ravine {name} --dry-run`\n")
        parts += _tables(study.plan_type, described)
    return "\n".join(parts)


def _tables(document: type, described: set[type]) -> Iterator[str]:
    """Yield the table of a type, then those of the types in its fields that have no table yet."""
    yield _table(document)
    for part in _parts(document):
        if part not in described:
            described.add(part)
            yield f"#### {part.__name__}\n\n{_first_line(part)}\n"
            yield _table(part)


def _parts(document: type) -> list[type]:
    """Return the dataclasses inside a type, in the order of its fields, those of parts included."""
    found: dict[type, None] = {}
    for hint in typing.get_type_hints(document).values():
        for part in _dataclasses(hint):
            found |= {part: None} | dict.fromkeys(_parts(part))
    return list(found)


def _dataclasses(hint: object) -> Iterator[type]:
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        yield hint
    for argument in typing.get_args(hint):
        yield from _dataclasses(argument)


def _table(document: type) -> str:
    hints, texts = typing.get_type_hints(document), field_texts(document)
    rows = [
        f"| `{field.name}` | {_type(hints[field.name])} | {texts[field.name]} |"
        for field in dataclasses.fields(document)
    ]
    return "\n".join(["| key | type | meaning |", "|---|---|---|", *rows, ""])


def _type(hint: object) -> str:
    """Return a type in the words of JSON."""
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return hint.__name__
    if isinstance(hint, type) and hint in SIMPLE:
        return SIMPLE[hint]
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (list, tuple):
        return f"list of {' or '.join(dict.fromkeys(_type(part) for part in arguments if part is not ...))}"
    if origin is dict:
        return f"{_type(arguments[1])} by name"
    if origin is typing.Literal:
        return " or ".join(f"`{value}`" for value in arguments)
    if origin in (typing.Union, types.UnionType):
        words = [_type(part) for part in arguments if part is not types.NoneType]
        plain = len(words) > 4
        return ("value" if plain else " or ".join(words)) + " or null" * (types.NoneType in arguments)
    return "value"


def _first_line(document: type) -> str:
    return (inspect.getdoc(document) or "").split("\n\n")[0].replace("\n", " ")


def field_texts(document: type) -> dict[str, str]:
    """Return the text below each field of a dataclass, by name, those of its base classes included."""
    found: dict[str, str] = {}
    for base in reversed(document.__mro__):
        if not dataclasses.is_dataclass(base):
            continue
        body = ast.parse(textwrap.dedent(inspect.getsource(base))).body[0].body  # type: ignore[attr-defined]
        for field, text in itertools.pairwise(body):
            if isinstance(field, ast.AnnAssign) and isinstance(text, ast.Expr):
                found[field.target.id] = " ".join(str(ast.literal_eval(text.value)).split())  # type: ignore[union-attr]
    missing = [field.name for field in dataclasses.fields(document) if field.name not in found]
    if missing:
        raise ValueError(f"{document.__name__} has fields without a text: {', '.join(missing)}.")
    return found


if __name__ == "__main__":
    sys.exit(main())
