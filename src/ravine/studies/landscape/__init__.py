"""The study `landscape`, the code behind the command `ravine landscape`."""

TITLE = "Show the loss around trained networks."
