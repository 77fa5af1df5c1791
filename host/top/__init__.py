"""LiteLIC, a learned picture codec that runs in an FPGA.

    import litelic

    with litelic.connect("udp://192.168.1.50") as board:
        data = board.encode("photo.png")
        picture = board.decode(data)

The folders of the repository are the packages below: `litelic.accel`, `litelic.soc` and so on.
"""

__all__ = ["Codec", "LitelicError", "connect"]


def __getattr__(name):
    """Imported when they are asked for: most of what is below this package needs none of them."""
    if name == "LitelicError":
        from litelic.host.errors import LitelicError

        return LitelicError
    if name in __all__:
        from litelic.host import api

        return getattr(api, name)
    raise AttributeError(f"module 'litelic' has no attribute {name!r}")


def __dir__():
    return __all__
