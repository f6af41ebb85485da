"""The study `compare`, the code behind the command `ravine compare`."""

TITLE = "Find the best optimizer and learning rate for DATA."
