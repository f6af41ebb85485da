"""Malformed and odd data files of every format, read and prepared as `train` reads them."""

from tests.attack.readers import containers, hdf5, idx, npz, odd_text, text

FAMILIES = [
    *text.FAMILIES,
    *odd_text.FAMILIES,
    *npz.FAMILIES,
    *containers.FAMILIES,
    *hdf5.FAMILIES,
    *idx.FAMILIES,
]
