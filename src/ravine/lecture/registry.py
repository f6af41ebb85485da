"""The registry of the claims of the lecture: the files of this folder that are named after a claim's id.

An example is `l4_stability.py` for the claim L4. The texts of a claim are read from the source of its file
without importing it, so listing claims needs no JAX.
"""

from __future__ import annotations

import ast
import importlib
import re
from functools import cache
from pathlib import Path
from typing import Any

from ravine.errors import RavineError, UsageError, did_you_mean
from ravine.lecture.claim import SECTIONS, Claim

__all__ = ["claims", "find", "has_animation", "load"]

FOLDER = Path(__file__).parent


@cache
def claims() -> dict[str, Claim]:
    """Return all claims of the lecture by id, in the order of the lecture.

    Raises RavineError if a file that is named after an id defines no claim with this id.
    """
    loaded = [_claim(path) for path in _paths()]
    return {claim.id: claim for claim in sorted(loaded, key=_place)}


def find(word: str) -> Claim:
    """Return the claim of the lecture with the id `word`, such as L4, in upper or lower case.

    Raises UsageError for an unknown id; the error names similar ids.
    """
    all_claims = claims()
    if word.upper() not in all_claims:
        raise UsageError(
            f"There is no claim '{word}'.",
            did_you_mean(word, all_claims),
            "Type `ravine lecture` for the list of claims.",
        )
    return all_claims[word.upper()]


def load(claim: Claim) -> Any:
    """Import and return the Python module of a claim of the lecture; the module imports JAX."""
    return importlib.import_module(f"ravine.lecture.{_path(claim).stem}")


def has_animation(claim: Claim) -> bool:
    """Return whether a claim of the lecture has an animation, without importing the claim's file.

    The source of the file is searched for a function `animate`.
    """
    tree = ast.parse(_path(claim).read_text(encoding="utf-8"))
    return any(isinstance(node, ast.FunctionDef) and node.name == "animate" for node in tree.body)


def _paths() -> list[Path]:
    return [path for path in FOLDER.glob("*.py") if re.fullmatch(r"[a-z]\d+_\w+", path.stem)]


def _path(claim: Claim) -> Path:
    (path,) = [file for file in _paths() if file.stem.partition("_")[0] == claim.id.lower()]
    return path


def _place(claim: Claim) -> tuple[int, int]:
    return list(SECTIONS).index(claim.id[0]), int(claim.id[1:])


def _claim(path: Path) -> Claim:
    """Return the claim in `CLAIM = Claim(...)` of a file; the arguments are literals."""
    for statement in ast.parse(path.read_text(encoding="utf-8")).body:
        match statement:
            case ast.Assign(targets=[ast.Name(id="CLAIM")], value=ast.Call(args=args, keywords=keywords)):
                named = {word.arg: ast.literal_eval(word.value) for word in keywords if word.arg}
                claim = Claim(*map(ast.literal_eval, args), **named)
                if claim.id.lower() == path.stem.partition("_")[0] and claim.id[0] in SECTIONS:
                    return claim
    raise RavineError(
        f"The file '{path.name}' defines no CLAIM with the id in its name.",
        'The file of a claim is named after its id, such as l4_stability.py for CLAIM = Claim("L4", ...).',
    )
