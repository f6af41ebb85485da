"""The study `memorize`, the code behind the command `ravine memorize`."""

TITLE = "Measure how much of DATA a network memorizes."
