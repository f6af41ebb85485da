"""The study `train`, the code behind the command `ravine train`."""

TITLE = "Train one network on DATA."
