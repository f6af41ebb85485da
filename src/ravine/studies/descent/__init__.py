"""The study `descent`, the code behind the command `ravine descent`."""

TITLE = "Look for double descent on DATA."
