"""Frames of version 2 as streams of words (docs/streaming.md), their CRCs left out."""

from litex.soc.interconnect.stream import EndpointDescription

WORD_BYTES   = 4
VERSION      = 2
MAGIC        = 0x9C4C  # the first two bytes of every frame, "L" and then one that is not text
HEADER_WORDS = 4       # magic, version, type; sequence, length; address; key
MAX_PAYLOAD  = 1408    # bytes: what a datagram has room for, in whole bursts of 64
MAX_WORDS    = HEADER_WORDS + MAX_PAYLOAD//WORD_BYTES

# Types that hardware serves; the rest is the firmware's.
WRITE, READ  = 0x03, 0x04
ANSWER       = 0x80    # added to the type of a request


def words_of(length):
    """Words of a payload of `length` bytes; of an integer or of a signal."""
    return (length + WORD_BYTES - 1) >> 2


def frame_description(way_bits):
    """Words of frames: `first` and `last` frame them.

    way_bits : of `way`, which says where a frame has come from, or where it is to go; it stands
               still from a frame's first word to its last.
    """
    return EndpointDescription([("data", 8*WORD_BYTES)], [("way", way_bits)])
