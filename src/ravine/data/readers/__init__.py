"""Readers of data files, one module for each file format.

`ravine.data.formats` lists them, and imports a reader when a file of its format is read.
"""
