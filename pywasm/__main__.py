"""python -m pywasm: the same as the command pywasm."""

import sys

from .cli import main

sys.exit(main())
