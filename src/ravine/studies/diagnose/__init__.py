"""The study `diagnose`, the code behind the command `ravine diagnose`."""

TITLE = "Find what is wrong with a network, and prove the remedy."
