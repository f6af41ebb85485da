"""Entry point of `python -m ravine`, which does the same as the command `ravine`."""

from ravine.cli import main

if __name__ == "__main__":
    main()
