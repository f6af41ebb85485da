"""The version of Ravine."""

__version__ = "0.1.0"
