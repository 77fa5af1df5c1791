"""CompressAI's models by name: from its zoo, from a state dictionary, or with random weights."""

import urllib.error

from litelic.host.compiler.random_weights import randomise
from litelic.host.compiler.torch_compat import import_compressai
from litelic.host.errors import LitelicError

import_compressai()
from compressai.models import (  # noqa: E402
    Cheng2020Anchor,
    Cheng2020Attention,
    FactorizedPrior,
    FactorizedPriorReLU,
    JointAutoregressiveHierarchicalPriors,
    MeanScaleHyperprior,
    ScaleHyperprior,
)
from compressai.zoo import image_models  # noqa: E402
from compressai.zoo.pretrained import load_pretrained  # noqa: E402

CLASSES = {
    "bmshj2018-factorized": FactorizedPrior,
    "bmshj2018-factorized-relu": FactorizedPriorReLU,
    "bmshj2018-hyperprior": ScaleHyperprior,
    "mbt2018-mean": MeanScaleHyperprior,
    "mbt2018": JointAutoregressiveHierarchicalPriors,
    "cheng2020-anchor": Cheng2020Anchor,
    "cheng2020-attn": Cheng2020Attention,
}
CHENG = ("cheng2020-anchor", "cheng2020-attn")  # N is also the number of latent channels
QUALITIES = {name: 6 if name in CHENG else 8 for name in CLASSES}
CONTEXT_NOTES = [
    "its context model decodes one pixel after the other, which no array can hurry:",
    "the transforms are compiled, the latents' probabilities learnt from the calibration pictures",
]


def notes_on(model):
    """What the user should know of a model, lines."""
    return CONTEXT_NOTES if hasattr(model, "context_prediction") else []


def identify(state):
    """The name in `CLASSES` that a state dictionary's keys and shapes belong to, or None."""
    keys = set(state)
    if "g_a.0.conv1.weight" in keys and "context_prediction.weight" in keys:
        attention = any(key.startswith("g_a.3.conv_a.") for key in keys)
        return "cheng2020-attn" if attention else "cheng2020-anchor"
    if any(getattr(state.get(f"g_a.{i}.weight"), "ndim", 0) != 4 for i in (0, 6)):
        return None
    if "context_prediction.weight" in keys:
        return "mbt2018"
    if "h_a.0.weight" in keys and getattr(state.get("h_s.4.weight"), "ndim", 0) == 4:
        latents = len(state["g_a.6.weight"])
        return "mbt2018-mean" if len(state["h_s.4.weight"]) > latents else "bmshj2018-hyperprior"
    return "bmshj2018-factorized" + "-relu" * ("g_a.1.beta" not in keys)


def from_state(state):
    """(model, name) of a state dictionary, (None, None) if it is of no model that is known.

    Raises what PyTorch raises where shapes do not fit.
    """
    state = load_pretrained(state)
    name = identify(state)
    if name is None:
        return None, None
    kind = CLASSES[name]
    if name in CHENG:
        model = kind(len(state["g_a.0.conv1.weight"]))
    else:
        model = kind(len(state["g_a.0.weight"]), len(state["g_a.6.weight"]))
    model.load_state_dict(state)
    return model, name


def from_zoo(name, quality, metric):
    """A trained model. Raises `LitelicError` where there is none, or it cannot be fetched."""
    if quality not in range(1, QUALITIES[name] + 1):
        raise LitelicError(
            f"{name} needs a quality of 1 to {QUALITIES[name]} for trained weights, or N and M for "
            "random ones"
        )
    try:
        return image_models[name](quality, metric, pretrained=True, progress=False)
    except (urllib.error.URLError, OSError) as e:
        raise LitelicError(
            f"cannot download {name} quality {quality} ({e}); go online, or copy the .pth.tar file "
            "from another machine's ~/.cache/torch/hub/checkpoints and name it instead"
        ) from e
    except RuntimeError as e:
        raise LitelicError(
            f"CompressAI has no trained weights of {name} ({e}); name a checkpoint of your own"
        ) from e


def random_model(name, N, M, seed=1):
    """A model with `N` and `M` channels and random weights, the same for the same `seed`."""
    if name in CHENG and N < 2:
        raise LitelicError(f"{name} needs 2 channels at least, not {N}")
    if name in CHENG and N != M:
        raise LitelicError(f"{name} has as many latent channels as others: give the same N and M")
    return randomise(CLASSES[name], (N,) if name in CHENG else (N, M), seed)
