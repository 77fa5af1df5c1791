"""`python -m litelic.host.area`."""

import sys

from litelic.host.area.command import main

sys.exit(main())
