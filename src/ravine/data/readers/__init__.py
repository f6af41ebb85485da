"""Readers of file formats, one file each. `ravine.data.formats` names them and imports one on use."""
