"""From a file, a folder, a state dictionary or a zoo name to a model."""

import pickle
from dataclasses import dataclass
from pathlib import Path

import torch

from litelic.host.compiler.bls2017 import Bls2017
from litelic.host.compiler.raw_weights import is_raw_folder, load_raw_folder
from litelic.host.compiler.zoo import CLASSES, from_state, from_zoo, notes_on, random_model
from litelic.host.errors import LitelicError

ACCEPTED = (
    "a checkpoint of `litelic train`, a state dictionary of CompressAI's (.pth, .pth.tar), a "
    "folder with the paper's raw weights (ana_w.bin ...), or the name of a model of CompressAI's "
    f"({', '.join(CLASSES)}) with a quality"
)


@dataclass
class LoadedModel:
    """A model in evaluation mode."""

    model: torch.nn.Module
    name: str
    origin: str
    trained_entropy: bool  # whether its entropy bottleneck says anything about its latents
    notes: list  # lines that the user should read


def _strip(state, prefix):
    if state and all(key.startswith(prefix) for key in state):
        return {key[len(prefix) :]: value for key, value in state.items()}
    return state


def _unwrap(content, where):
    """Find the state dictionary in what a checkpoint file held."""
    for key in ("state_dict", "model_state_dict", "net"):
        if isinstance(content, dict) and isinstance(content.get(key), dict):
            content = content[key]
    tensors = isinstance(content, dict) and content and all(
        isinstance(key, str) and isinstance(value, torch.Tensor) for key, value in content.items()
    )
    if not tensors:
        raise LitelicError(f"{where} holds no state dictionary; accepted are {ACCEPTED}")
    return _strip(content, "module.")


def _load_state(model, state, where):
    try:
        model.load_state_dict(state)
    except (RuntimeError, KeyError, ValueError, AttributeError) as e:
        raise LitelicError(
            f"{where} does not fit {type(model).__name__}: {str(e).splitlines()[-1].strip()}"
        ) from e
    _check_finite(model, where)
    return model


def _check_finite(model, where):
    for key, value in model.state_dict().items():
        if value.is_floating_point() and not torch.isfinite(value).all():
            raise LitelicError(f"{where}: {key} holds numbers that are not finite")


def _from_state_dict(state, where):
    try:
        model, name = from_state(state)
    except (RuntimeError, KeyError, ValueError, AttributeError, TypeError, IndexError) as e:
        detail = str(e).splitlines()[-1].strip()
        raise LitelicError(f"{where} does not fit the model that it seems to be: {detail}") from e
    if model is None:
        raise LitelicError(f"{where} is not a model that is known; accepted are {ACCEPTED}")
    _check_finite(model, where)
    return model, f"{name}-{model.N}-{model.M}"


def _from_training(content, where):
    config = content.get("config")
    keys = {"N": int, "M": int, "centre": float, "gain": float}
    if not isinstance(config, dict) or {k: type(v) for k, v in config.items()} != keys:
        raise LitelicError(f"{where} has no configuration that fits bls2017")
    if not (0 < config["N"] <= 4096 and 0 < config["M"] <= 4096):
        raise LitelicError(f"{where}: N and M must be 1..4096")
    state = _unwrap(content, where)
    return _load_state(Bls2017(**config), state, where), f"bls2017-{config['N']}-{config['M']}"


def _from_file(path):
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as e:
        raise LitelicError(
            f"{path} is no checkpoint, or one that holds more than tensors and plain values (which "
            "could run code when loaded); save its state_dict() alone"
        ) from e
    except OSError as e:
        raise LitelicError(f"cannot read {path}: {e.strerror or e}") from e
    except (RuntimeError, EOFError, ValueError, KeyError) as e:
        raise LitelicError(f"{path} is not a checkpoint; accepted are {ACCEPTED}") from e
    if isinstance(content, dict) and content.get("model") == "bls2017":
        return _from_training(content, path)
    return _from_state_dict(_unwrap(content, path), path)


def _from_zoo(name, quality, metric, N, M):
    if name not in CLASSES:
        raise LitelicError(f"{name} is neither a file nor a known model; accepted are {ACCEPTED}")
    if quality is None and N and M:
        return random_model(name, N, M), f"{name}-{N}-{M}-random"
    return from_zoo(name, quality, metric), f"{name}-{quality}"


def load_model(source, quality=None, metric="mse", N=None, M=None):
    """Return the `LoadedModel` of `source`: a module, a state dictionary, a path or a zoo name.

    With the zoo name and `N` and `M` but no `quality`, the model has random weights: good for
    testing hardware. Otherwise `N` and `M`, when given, must be the model's own. Raises
    `LitelicError` when there is no such model or it is not supported.
    """
    trained = True
    if isinstance(source, torch.nn.Module):
        model, name, origin = source, type(source).__name__, "a model in memory"
    elif isinstance(source, dict):
        origin = "the state dictionary"
        model, name = _from_state_dict(_unwrap(source, origin), origin)
    elif is_raw_folder(source):
        model, name, origin = load_raw_folder(source), "xlic-bls2017", Path(source).name
        trained = False
    elif Path(source).is_dir():
        raise LitelicError(f"{source} is a folder without ana_w.bin; accepted are {ACCEPTED}")
    elif Path(source).exists():
        (model, name), origin = _from_file(Path(source)), Path(source).name
    else:
        model, name = _from_zoo(str(source), quality, metric, N, M)
        origin = f"CompressAI {name}"
        trained = not name.endswith("-random")
    trained = trained and not hasattr(model, "context_prediction")
    for key, wanted in (("N", N), ("M", M)):
        if wanted and getattr(model, key, wanted) != wanted:
            raise LitelicError(f"{origin} has {key} = {getattr(model, key)}, not {wanted}")
    return LoadedModel(model.eval(), name, origin, trained, notes_on(model))
