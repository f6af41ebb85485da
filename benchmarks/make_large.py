"""Write large tables as files, for the benchmarks of reading.

    python benchmarks/make_large.py FOLDER [--rows N] [--features N] [--only FORMAT,FORMAT]

FORMAT is csv, parquet, npz, hdf5 or root. The features are normal float32 numbers, and the target `y` has two
classes. The rows are made and written in blocks, so that the memory does not grow with their number. By
default a file has the shape of the HIGGS data: 11,000,000 rows of 28 features. Delete the files afterwards.
"""

from __future__ import annotations

import argparse
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

ROWS, FEATURES, BLOCK_ROWS = 11_000_000, 28, 100_000
Blocks = Iterator[tuple[np.ndarray, np.ndarray]]


def main() -> None:
    """Write the files and print their sizes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--features", type=int, default=FEATURES)
    parser.add_argument("--only", default=",".join(WRITERS), metavar="FORMATS")
    options = parser.parse_args()
    for name in options.only.split(","):
        path = write(options.folder, name, options.rows, options.features)
        print(f"{path}: {path.stat().st_size / 1e6:,.0f} MB", flush=True)


def write(folder: Path, name: str, rows: int = ROWS, features: int = FEATURES) -> Path:
    """Write a table of this format and shape, unless the folder has it, and return the path of the file."""
    suffix = {"hdf5": "h5"}.get(name, name)
    path = folder / f"large_{rows}_{features}.{suffix}"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        part = path.with_name(path.name + ".part")
        WRITERS[name](part, rows, features)
        part.rename(path)
    return path


def blocks(rows: int, features: int) -> Blocks:
    """Yield features, float32 [n, D], and target, int8 [n], of successive rows. Seed 0."""
    random = np.random.default_rng(0)
    slope = random.normal(size=features).astype(np.float32)
    for start in range(0, rows, BLOCK_ROWS):
        x = random.standard_normal((min(BLOCK_ROWS, rows - start), features), np.float32)
        noise = random.standard_normal(len(x), np.float32)
        yield x, (x @ slope + x[:, 0] * x[:, -1] + noise > 0).astype(np.int8)


def write_csv(path: Path, rows: int, features: int) -> None:
    """Write comma-separated text with a header and six decimals."""
    import pyarrow as pa
    import pyarrow.csv

    with path.open("wb") as file:
        for number, (x, y) in enumerate(blocks(rows, features)):
            columns = {f"x{i}": np.round(x[:, i].astype(float), 6) for i in range(features)}
            table = pa.table(columns | {"y": y})
            pyarrow.csv.write_csv(table, file, pyarrow.csv.WriteOptions(include_header=number == 0))


def write_parquet(path: Path, rows: int, features: int) -> None:
    """Write a Parquet file; each row group is one block."""
    import pyarrow as pa
    import pyarrow.parquet

    writer = None
    for x, y in blocks(rows, features):
        table = pa.table({f"x{i}": x[:, i] for i in range(features)} | {"y": y})
        writer = writer or pyarrow.parquet.ParquetWriter(path, table.schema)
        writer.write_table(table)
    if writer:
        writer.close()


def write_npz(path: Path, rows: int, features: int) -> None:
    """Write an archive of `X` and `y`, not packed."""
    with zipfile.ZipFile(path, "w", allowZip64=True) as archive:
        for key, shape, kind in (("X", (rows, features), np.float32), ("y", (rows,), np.int8)):
            with archive.open(f"{key}.npy", "w", force_zip64=True) as member:
                header = {"descr": np.dtype(kind).str, "fortran_order": False, "shape": shape}
                np.lib.format.write_array_header_1_0(member, header)
                for x, y in blocks(rows, features):
                    member.write(np.ascontiguousarray(x if key == "X" else y).tobytes())


def write_hdf5(path: Path, rows: int, features: int) -> None:
    """Write the data sets `X` and `y`."""
    import h5py

    with h5py.File(path, "w") as file:
        inputs = file.create_dataset("X", (rows, features), np.float32)
        target = file.create_dataset("y", (rows,), np.int8)
        start = 0
        for x, y in blocks(rows, features):
            inputs[start : start + len(x)], target[start : start + len(y)] = x, y
            start += len(x)


def write_root(path: Path, rows: int, features: int) -> None:
    """Write the tree `tree` with one branch per column."""
    import uproot

    names = [f"x{i}" for i in range(features)]
    with uproot.recreate(path) as file:
        tree = file.mktree("tree", dict.fromkeys(names, np.float32) | {"y": np.int8})
        for x, y in blocks(rows, features):
            tree.extend({name: np.ascontiguousarray(x[:, i]) for i, name in enumerate(names)} | {"y": y})


WRITERS: dict[str, Callable[[Path, int, int], None]] = {
    "csv": write_csv, "parquet": write_parquet, "npz": write_npz, "hdf5": write_hdf5, "root": write_root,
}  # fmt: skip


if __name__ == "__main__":
    main()
