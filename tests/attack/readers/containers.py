"""Parquet and ROOT files, and HDF5 files with flipped bytes; odd Parquet types."""

from __future__ import annotations

import datetime
import decimal
import functools
import io
import random
import tempfile
from pathlib import Path
from typing import Any

from tests.attack import product
from tests.attack.case import Failure, Family, Skip
from tests.attack.readers.tables import damaged, named_or_last, prepare

COLUMNS = ["a", "b", "c", "y"]


def _frame() -> Any:
    import numpy as np
    import pandas as pd

    g = np.random.default_rng(3)
    return pd.DataFrame(
        {"a": g.normal(size=60), "b": g.integers(0, 9, 60), "c": [*"uvw"] * 20, "y": [*"pq"] * 30}
    )


def _parquet(compression: str, checksums: bool) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    out = io.BytesIO()
    pq.write_table(
        pa.Table.from_pandas(_frame()), out, compression=compression, write_page_checksum=checksums
    )
    return out.getvalue()


def _hdf5(libver: str, **filters: Any) -> bytes:
    import h5py

    frame, out = _frame(), io.BytesIO()
    with h5py.File(out, "w", libver=libver) as file:
        group = file.create_group("t")
        for name in ("a", "b"):
            group.create_dataset(name, data=frame[name].to_numpy(), **filters)
        group.create_dataset("c", data=frame["c"].tolist(), dtype=h5py.string_dtype())
        group.create_dataset("y", data=(frame["y"] == "p").to_numpy().astype(int))
    return out.getvalue()


def _root() -> bytes:
    import uproot

    frame = _frame()
    with tempfile.TemporaryDirectory() as folder:
        with uproot.recreate(f"{folder}/r.root") as file:
            file.mktree("t", {"a": "f8", "b": "i4", "y": "i4"})
            file["t"].extend(
                {
                    "a": frame["a"].to_numpy(),
                    "b": frame["b"].to_numpy().astype("i4"),
                    "y": (frame["y"] == "p").to_numpy().astype("i4"),
                }
            )
        return Path(f"{folder}/r.root").read_bytes()


MAKERS = {
    "parquet": (".parquet", lambda: _parquet("none", False)),
    "parquet_checksums": (".parquet", lambda: _parquet("snappy", True)),
    "hdf5": (".h5", lambda: _hdf5("earliest")),
    "hdf5_latest": (".h5", lambda: _hdf5("latest")),
    "hdf5_checksums": (".h5", lambda: _hdf5("earliest", compression="gzip", chunks=(20,), fletcher32=True)),
    "root": (".root", _root),
}


@functools.cache
def _made(kind: str) -> bytes:
    try:
        return MAKERS[kind][1]()
    except ImportError as error:
        raise Skip(f"{error.name} is not installed") from None


def _flipped(kind: str) -> Any:
    ending = MAKERS[kind][0]

    def case(rng: random.Random, index: int, folder: Path) -> None:
        whole, path = folder / f"whole{ending}", folder / f"damaged{ending}"
        whole.write_bytes(_made(kind))
        path.write_bytes(damaged(rng, _made(kind)))
        table = product.read_table(path)
        checked = kind == "parquet_checksums" and list(map(str, table.frame.columns)) == COLUMNS
        if checked and not table.frame.equals(product.read_table(whole).frame):
            raise Failure("wrong value", "pages with checksums were changed, and read as other values")
        prepare(path, named_or_last(table) if "y" in map(str, table.frame.columns) else "0")

    return case


# --------------------------------------------------------------------------------------------- Parquet types

N = 40
NAMES = ["a", "", " ", "y", "a", "__index_level_0__", "\x1b[31m", "a\nb", "1", "None"]


@functools.cache
def _odd_columns() -> list[Any]:
    import numpy as np
    import pyarrow as pa

    g, D = np.random.default_rng(0), decimal.Decimal
    return [
        pa.array([None] * N, pa.null()), pa.array([[1, 2]] * N), pa.array([{"a": 1}] * N),
        pa.array([b"\xff"] * N), pa.array([D("1.5")] * N), pa.array([datetime.date(1, 1, 1)] * N),
        pa.array([datetime.date(9999, 12, 31 - i % 5) for i in range(N)]), pa.array([datetime.time(1)] * N),
        pa.array(range(N), pa.duration("s")), pa.array([2**52 + i for i in range(N)], pa.timestamp("s")),
        pa.array([i * 10**12 for i in range(N)], pa.timestamp("s", tz="Europe/Berlin")),
        pa.array(g.normal(size=N).astype("f2")), pa.array([True, None] * (N // 2)),
        pa.array([2**63 + i for i in range(N)], pa.uint64()),
        pa.array(["x", None] * (N // 2)).dictionary_encode(),
        pa.array(g.integers(0, 5, N)).dictionary_encode(), pa.array([float("inf")] * N),
        pa.array([float("nan")] * N), pa.array([i if i % 3 else None for i in range(N)]),
        pa.array(["\x1b[31m", "<b>"] * (N // 2)), pa.array([""] * N),
        pa.array([f"2021-01-{i % 28 + 1:02d}" for i in range(N)]),
        pa.array([[1.0]] * N, pa.list_(pa.float64(), 1)),
        pa.array([[("k", 1)]] * N, pa.map_(pa.string(), pa.int64())), pa.array(["a"] * N, pa.large_string()),
        pa.array([D(10) ** 30 + i for i in range(N)], pa.decimal128(38, 2)),
        pa.array(g.normal(size=N), pa.float32()), pa.array(["1,5", "2,5"] * (N // 2)),
        pa.array([0.1 * i for i in range(N)]),
    ]  # fmt: skip


ODD_COLUMNS = 29


def parquet_types(rng: random.Random, index: int, folder: Path) -> None:
    """A column of every type that Parquet has, under odd names, as input and as target."""
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise Skip("pyarrow is not installed") from None
    odd = _odd_columns()[index % ODD_COLUMNS]
    plain, labels = pa.array([float(rng.gauss(0, 1)) for _ in range(N)]), pa.array([*"pq"] * (N // 2))
    if index // ODD_COLUMNS % 2:
        table = pa.Table.from_arrays([plain, odd], names=[rng.choice([n for n in NAMES if n != "y"]), "y"])
    else:
        table = pa.Table.from_arrays([plain, odd, labels], names=["a", rng.choice(NAMES), "y"])
    pq.write_table(table, folder / "o.parquet")
    found = product.read_table(folder / "o.parquet")
    prepare(folder / "o.parquet", str(len(found.frame.columns) - 1))


FAMILIES = [
    Family("parquet", 600, _flipped("parquet")),
    Family("parquet_checksums", 400, _flipped("parquet_checksums")),
    Family("parquet_types", 4 * ODD_COLUMNS, parquet_types),
    Family("hdf5", 800, _flipped("hdf5")),
    Family("hdf5_latest", 400, _flipped("hdf5_latest")),
    Family("hdf5_checksums", 400, _flipped("hdf5_checksums")),
    Family("root", 700, _flipped("root")),
]
