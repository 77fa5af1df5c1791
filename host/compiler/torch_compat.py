"""Import torch and CompressAI, or say what to install.

This is the only place that imports either: everything the demo needs runs without them.
"""

from litelic.host.errors import LitelicError

HINT = "install the compiler's packages: pip install -c constraints.txt '.[compiler]'"


def _declare_missing_torchvision_operators():
    """Declare the two detection operators a CPU build of torchvision lacks.

    With a CPU build of torch, torchvision's compiled part (which wants CUDA libraries) does not
    load, and its Python part then fails at import because it registers fake kernels for operators
    nobody declared. CompressAI imports torchvision but uses neither operator.
    """
    import torch

    library = torch.library.Library("torchvision", "FRAGMENT")
    for name in ("nms", "qnms"):
        library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    return library


_library = None  # torch forgets a library's operators when the object dies.


def import_compressai():
    """Return the `compressai` module, with torch and torchvision ready.

    Raises `LitelicError` naming the extra to install when a package is missing.
    """
    global _library
    try:
        import torch  # noqa: F401
    except ImportError as e:
        raise LitelicError(f"this command needs torch ({e}); {HINT}") from e
    try:
        import torchvision  # noqa: F401
    except ImportError as e:
        raise LitelicError(f"this command needs torchvision ({e}); {HINT}") from e
    except RuntimeError as e:
        if "torchvision::" not in str(e):
            raise
        import sys

        for name in [m for m in sys.modules if m.split(".")[0] == "torchvision"]:
            del sys.modules[name]
        _library = _declare_missing_torchvision_operators()
    try:
        import compressai
    except ImportError as e:
        raise LitelicError(f"this command needs compressai ({e}); {HINT}") from e
    return compressai
