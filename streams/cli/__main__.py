"""`python -m streams.cli` is the command `firewatch`."""

from streams.cli import main

main()
