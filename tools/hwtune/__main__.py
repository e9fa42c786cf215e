"""`python -m hwtune`: the command without an installed script."""

import sys

from hwtune.cli import main

sys.exit(main())
