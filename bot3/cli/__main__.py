"""`python -m bot3.cli`."""

from bot3.cli import main

main()
