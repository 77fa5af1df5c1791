"""Flags of a segment header in the weight stream (no Migen here)."""

SEGMENT_GDN = 1 << 0  # operands come from the middle memory
SEGMENT_LAST = 1 << 1  # of the tile
SEGMENT_RELEASE = 1 << 2  # the last one that reads the tile's operands
