"""`python -m litelic.host.bench.link`."""

import sys

from litelic.host.bench.link.command import main

if __name__ == "__main__":
    sys.exit(main())
