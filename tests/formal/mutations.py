"""Break a block on purpose, to see that its proof notices."""

import inspect
from dataclasses import dataclass
from types import SimpleNamespace

import pytest


@dataclass(frozen=True)
class Mutation:
    """A change of a module's source text, and the claims that have to fail because of it.

    changes : (text, replacement) pairs; each text must occur exactly once.
    """

    name: str
    changes: tuple
    breaks: frozenset

    def __str__(self):
        return self.name


def mutation(name, *changes, breaks):
    return Mutation(name, changes, frozenset(breaks.split()))


def mutate(module, changes, **constants):
    """The names of a Python module after `changes` of its source, and with other `constants`."""
    source = inspect.getsource(module)
    for text, replacement in changes:
        count = source.count(text)
        assert count == 1, (
            f"{module.__name__} has {text!r} {count} times, not once: "
            "adapt the mutation to the changed source"
        )
        source = source.replace(text, replacement)
    names = {"__name__": f"{module.__name__}_mutated"}
    exec(compile(source, f"{module.__file__} (mutated)", "exec"), names)
    names.update(constants)
    return SimpleNamespace(**names)


def campaign(mutations, quick):
    """Parameters of a test of `mutations`: all but the first `quick` are marked long."""
    return [
        pytest.param(m, id=m.name.replace(" ", "-"), marks=[pytest.mark.long] if i >= quick else [])
        for i, m in enumerate(mutations)
    ]


def broken_claims(mutations):
    return set().union(*(m.breaks for m in mutations))
