"""Measure how much of DATA a network memorizes."""
