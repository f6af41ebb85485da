"""The study `sweep`, the code behind the command `ravine sweep`."""

TITLE = "Find out whether dropout, depth, a penalty ... helps on DATA."
