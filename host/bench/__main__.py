"""`python -m litelic.host.bench`."""

import sys

from litelic.host.bench.command import main

sys.exit(main())
