"""Readers of file formats, one file each. `ravine.data.formats` lists them and imports one on use."""
