"""The host link's hardware (`docs/protocol.md`)."""

from litelic.soc.link.link import Link

__all__ = ["Link"]
