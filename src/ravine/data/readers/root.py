"""Reader of ROOT files, with uproot. In `x.root:tree`, the word `tree` names the TTree or RNTuple to read."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from ravine.data.formats import Source
from ravine.data.table import Table, unique_names
from ravine.errors import DataError, did_you_mean

if TYPE_CHECKING:
    from pathlib import Path

    import uproot

__all__ = ["read_root"]

TREES = ("TTree", "TNtuple", "TNtupleD", "TChain", "ROOT::RNTuple")


def read_root(source: Source) -> Table:
    """Return a tree of a ROOT file as a table: the tree `source.part`, or without a part the only tree.

    A branch of a TTree with arrays of a fixed size becomes one column for each element, such as `p[0]`. Other
    branches, such as those of variable length, are left out and noted.

    Raises DataError if the file is damaged, if there is no such tree, and if the tree has no rows or no
    branch with a fixed number of values per row.
    """
    import uproot

    content, name = source.content, source.name
    # The header holds "root", version, begin of the records, end of the file (int64 from version 1e6 on).
    version = int.from_bytes(content[4:8], "big")
    end = int.from_bytes(content[12 : 20 if version >= 1_000_000 else 16], "big")
    if end > len(content):
        raise DataError(
            f"'{name}' is cut off.",
            f"Its header announces {end:,} bytes, but it has {len(content):,}.",
            "Download the file again.",
        )
    try:
        with uproot.open(io.BytesIO(content)) as file:
            where = _tree(file, source.part.strip("/"), source.path)
            tree = file[where]
            flat, left = _branches(tree)
            arrays = tree.arrays(flat, library="np") if flat else {}
            rows = int(tree.num_entries)
    except DataError:
        raise
    except ImportError as error:  # a compression that needs a package of its own
        raise DataError(
            f"The compression of the ROOT file '{name}' needs one more Python package.",
            f"uproot, which reads ROOT files, reports: {_first_line(error)}.",
            "Install the package that uproot names.",
        ) from error
    except Exception as error:  # the parser can raise any error for a damaged file
        raise DataError(
            f"'{name}' cannot be read as ROOT.",
            f"It is probably damaged; uproot reports: {_first_line(error)}.",
            "Download or write the file again.",
        ) from error
    if not flat or not rows:
        raise DataError(
            f"The tree '{where}' of '{name}' holds {'no rows' if flat else 'no flat branch'}.",
            "A table needs rows, and branches with a fixed number of values per row. "
            f"The branches are {', '.join([*flat, *left][:12]) or 'none'}.",
            "Write a tree with one number per row in every branch.",
        )
    return _table(arrays, name, source.sha256, where, left)


def _first_line(error: Exception) -> str:
    """Return the first line of an error message, without its period."""
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__


def _tree(file: uproot.ReadOnlyDirectory, inner: str, path: Path) -> str:
    """Return the name of the tree `inner`, or of the only tree. Raises DataError if there is none."""
    name = path.name
    classes = file.classnames(recursive=True, cycle=False)
    trees = [key for key, kind in classes.items() if kind in TREES]
    wanted = inner.split(";")[0]
    if wanted in trees:
        return wanted
    if wanted:
        raise DataError(
            f"The ROOT file '{name}' has no tree '{inner}'.",
            f"Its trees are {', '.join(trees[:12]) or 'none'}.",
            did_you_mean(wanted, trees) if trees else "Use a file with a tree of rows.",
        )
    if len(trees) == 1:
        return str(trees[0])
    raise DataError(
        f"Which tree of '{name}'?" if trees else f"'{name}' holds no tree.",
        "The rows come from one tree; this ROOT file has "
        f"{', '.join(trees[:12] or [f'{k} ({c})' for k, c in classes.items()][:12]) or 'nothing'}.",
        f"Name one, as in {path}:{trees[0]}." if trees else "Use a file with a tree of rows.",
    )


def _branches(tree: uproot.TTree) -> tuple[list[str], list[str]]:
    """Return the branches with a fixed number of values per row, and all others."""
    import uproot

    flat: list[str] = []
    left: list[str] = []
    for key, branch in tree.items():
        kind = getattr(branch, "interpretation", None)
        if kind is None:  # a field of an RNTuple
            fits = str(getattr(branch, "typename", "")) in RNTUPLE_TYPES
        elif isinstance(kind, uproot.AsGrouped):
            continue  # its parts are separate branches
        else:
            fits = isinstance(kind, uproot.AsStrings) or (
                isinstance(kind, uproot.AsDtype) and kind.to_dtype.names is None
            )
        (flat if fits else left).append(str(key))
    return flat, left


RNTUPLE_TYPES = {
    *("bool", "float", "double", "std::string"),
    *(f"std::{sign}int{bits}_t" for sign in ("", "u") for bits in (8, 16, 32, 64)),
}


def _table(arrays: Mapping[str, np.ndarray], name: str, sha256: str, where: str, left: list[str]) -> Table:
    """Return the table of the branches `arrays` of the tree `where`; `left` are the other branches."""
    import pandas as pd

    columns: dict[str, np.ndarray] = {}
    for key in arrays:
        values = np.asarray(arrays[key])
        values = values.astype(values.dtype.newbyteorder("="), copy=False)
        flat = values.reshape(len(values), -1)
        titles = [key] if values.ndim == 1 else [f"{key}[{i}]" for i in range(flat.shape[1])]
        columns |= {title: flat[:, i] for i, title in enumerate(titles)}
    names, renamed = unique_names(list(columns))
    notes = [f"root: tree '{where}'"] + ([f"columns renamed: {', '.join(renamed)}"] if renamed else [])
    if left:
        more = f" and {len(left) - 12} more" if len(left) > 12 else ""
        notes.append(f"left out (no fixed number of values per row): {', '.join(left[:12])}{more}")
    frame = pd.DataFrame(dict(zip(names, columns.values(), strict=True)))
    return Table(frame, name, sha256, notes)
