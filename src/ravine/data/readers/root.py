"""Reader of ROOT files, with uproot. In `x.root:tree`, the word `tree` names the TTree or RNTuple to read."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ravine.data.boundary import at
from ravine.data.formats import Source
from ravine.data.table import Table, unique_names
from ravine.errors import DataError, did_you_mean

if TYPE_CHECKING:
    from pathlib import Path

    import uproot

__all__ = ["read_root"]

BLOCK_HEADER = 9  # bytes: algorithm 2, method 1, size 3, size after unpacking 3
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
    with uproot.open(io.BytesIO(content)) as file:
        where = _tree(file, source.part.strip("/"), source.path)
        with at(f"tree '{where}'"):
            tree = file[where]
            flat, left = _branches(tree)
            rows = int(tree.num_entries)
            _check_content(tree, flat, source)
            arrays = _arrays(tree, flat)
    if not flat or not rows:
        raise DataError(
            f"The tree '{where}' of '{name}' holds {'no rows' if flat else 'no flat branch'}.",
            "A table needs rows, and branches with a fixed number of values per row. "
            f"The branches are {', '.join([*flat, *left][:12]) or 'none'}.",
            "Write a tree with one number per row in every branch.",
        )
    return _table(arrays, name, source.sha256, where, left)


def _arrays(tree: uproot.TTree, flat: list[str]) -> dict[str, np.ndarray]:
    """Return the values of branches by name. Raises ValueError if a branch has not as many as the tree."""
    arrays: Mapping[str, np.ndarray] = tree.arrays(flat, library="np") if flat else {}
    for key, values in arrays.items():
        if len(values) != tree.num_entries:
            raise ValueError(f"branch '{key}' has {len(values):,} values and not {tree.num_entries:,}")
    return dict(arrays)


def _check_content(tree: uproot.TTree, flat: list[str], source: Source) -> None:
    """Check sizes before values are read, and checksums of the pages of an RNTuple.

    uproot verifies the checksums of compressed blocks. Raises DataError if the values take too much memory,
    and ValueError for sizes that do not agree and for a wrong checksum.
    """
    rows, size, columns = int(tree.num_entries), 0, 0
    for key in flat:
        branch = tree[key]
        if getattr(branch, "interpretation", None) is None:  # a field of an RNTuple
            size, columns = size + 8 * rows, columns + 1
            continue
        kind = getattr(branch.interpretation, "to_dtype", None)
        size += rows * (8 if kind is None else kind.itemsize)
        columns += 1 if kind is None else math.prod(kind.shape)
        for number in range(branch.num_baskets - len(branch.embedded_baskets)):
            with at(f"branch '{key}', basket {number}"):
                size += _basket_size(branch, number, source.content)
    source.budget.check_columns(columns)
    source.budget.check(size, "The branches")
    for cluster in getattr(tree, "page_link_list", ()):
        for place, pages in enumerate(cluster):
            for number, page in enumerate(pages.pages):
                with at(f"column {place}, page {number}"):
                    _check_page(page, source.content)


def _basket_size(branch: uproot.TBranch, number: int, content: bytes) -> int:
    """Return the number of bytes of a basket after unpacking.

    Raises ValueError if the compressed blocks of the basket have another size than it announces: uproot would
    fill the rest with arbitrary numbers.
    """
    key = branch.basket_key(number)
    start = int(branch.member("fBasketSeek")[number]) + key.fKeylen
    end, size = start + key.data_compressed_bytes, key.data_uncompressed_bytes
    if not 0 <= start <= end <= len(content) or size < 0:
        raise ValueError(f"it announces a place that the file does not have, or {size:,} bytes")
    if end - start != size:
        unpacked = 0
        while start < end:
            packed = int.from_bytes(content[start + 3 : start + 6], "little")
            unpacked += int.from_bytes(content[start + 6 : start + BLOCK_HEADER], "little")
            start += BLOCK_HEADER + packed
        if unpacked != size or start != end:
            raise ValueError(f"it announces {size:,} bytes, and its blocks {unpacked:,}")
    return int(size)


def _check_page(page: Any, content: bytes) -> None:
    """Raise ValueError if a page of an RNTuple does not have the checksum that follows it."""
    if not page.has_checksum:
        return
    from xxhash import xxh3_64_intdigest

    start, end = page.locator.offset, page.locator.offset + page.locator.num_bytes
    if xxh3_64_intdigest(content[start:end]) != int.from_bytes(content[end : end + 8], "little"):
        raise ValueError("its checksum is wrong")


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
        flat = values.reshape(len(values), math.prod(values.shape[1:]))
        titles = [key] if values.ndim == 1 else [f"{key}[{i}]" for i in range(flat.shape[1])]
        columns |= {title: flat[:, i] for i, title in enumerate(titles)}
    names, renamed = unique_names(list(columns))
    notes = [f"root: tree '{where}'"] + ([f"columns renamed: {', '.join(renamed)}"] if renamed else [])
    if left:
        more = f" and {len(left) - 12} more" if len(left) > 12 else ""
        notes.append(f"left out (no fixed number of values per row): {', '.join(left[:12])}{more}")
    frame = pd.DataFrame(dict(zip(names, columns.values(), strict=True)))
    return Table(frame, name, sha256, notes)
