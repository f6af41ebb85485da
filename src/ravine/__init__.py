"""Ravine: neural-network optimization, answered with evidence."""

__version__ = "0.1.0"
