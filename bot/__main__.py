"""`python -m bot` is `backout`."""

from bot.cli import main

if __name__ == "__main__":
    main()
