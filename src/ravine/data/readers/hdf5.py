"""Reader of HDF5 files, with h5py. In `x.h5:/path`, the path names a data set or a group inside the file.

data set of numbers [N, D]               table with D columns
data set of records [N]                  table with one column for each field of the records
group of data sets [N]                   table with one column for each data set
group with X [N, ...] and y [N]          table of features X and target y, as in NPZ archives

The library can crash on a damaged file, so a helper process reads the arrays (`hdf5_arrays`).
"""

from __future__ import annotations

from ravine.data.formats import Source
from ravine.data.readers.array_table import table_of
from ravine.data.readers.helper_process import arrays_of_helper
from ravine.data.table import Table

__all__ = ["read_hdf5"]


def read_hdf5(source: Source) -> Table:
    """Return the table at a path inside an HDF5 file; without a path, the only table of the file.

    source: bytes of the file, and the path as `source.part`. Links to other files are ignored.

    Raises DataError if the file is damaged, if it keeps values in other files, and if there is no table or
    more than one at the path.
    """
    arrays, path = arrays_of_helper("ravine.data.readers.hdf5_arrays:plan_arrays", source)
    return table_of(arrays, source, f"hdf5 {path}")
