"""`python -m litelic.host.cli` is the command `litelic`."""

import sys

from litelic.host.cli.main import main

sys.exit(main())
