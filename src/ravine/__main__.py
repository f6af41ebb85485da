"""`python -m ravine` is `ravine`."""

from ravine.cli import main

if __name__ == "__main__":
    main()
