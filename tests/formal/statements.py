"""Break a block in every place: each statement left out, each condition turned, each operator
replaced.

Mutations by hand show that every claim can fail; these show that every statement of a block is
needed for some claim or lemma.
"""

from migen import If
from migen.fhdl.structure import _Assign, _Operator
from migen.genlib.fsm import NextState, NextValue

FRAMING = ("_first left out", "_last left out")  # of streams that nobody frames: not needed
OTHER = {"&": "|", "|": "&", "==": "!=", "!=": "==", "+": "-", "-": "+"}


def places(module):
    """Pairs of a description and a function that breaks the module there, before it is finalised.

    Of what stands in the module itself: modules in it, a FIFO for example, are left alone.
    """
    yield from _statements(module._fragment.comb, "comb")
    for statements in module._fragment.sync.values():
        yield from _statements(statements, "sync")
    for state, statements in getattr(getattr(module, "fsm", None), "actions", {}).items():
        yield from _statements(statements, state)


def break_at(block, place):
    """Return a block that is like `block` but broken at the given number of its `places`."""

    def broken(*arguments, **keywords):
        module = block(*arguments, **keywords)
        list(places(module))[place][1]()
        return module

    return broken


def _statements(statements, where):
    for statement in list(statements):
        name = f"{where}: {_name(statement)}"
        yield f"{name} left out", lambda s=statement: _remove(statements, s)
        if isinstance(statement, _Assign):
            yield from _operators(statement.r, name)
        elif isinstance(statement, NextValue):
            yield from _operators(statement.value, name)
        elif isinstance(statement, If):
            yield f"{name} turned", lambda s=statement: setattr(s, "cond", s.cond == 0)
            yield from _operators(statement.cond, name)
            yield from _statements(statement.t, f"{name}, then")
            yield from _statements(statement.f, f"{name}, else")


def _operators(expression, name):
    if isinstance(expression, _Operator):
        if expression.op in OTHER:
            yield (
                f"{name}: {expression.op} is {OTHER[expression.op]}",
                lambda e=expression: setattr(e, "op", OTHER[e.op]),
            )
        for operand in expression.operands:
            yield from _operators(operand, name)


def _remove(statements, statement):
    statements[:] = [s for s in statements if s is not statement]


def _name(statement):
    if isinstance(statement, NextState):
        return f"to {statement.state}"
    target = {_Assign: "l", NextValue: "target"}.get(type(statement))
    backtrace = getattr(getattr(statement, target or "", None), "backtrace", None)
    return f"{type(statement).__name__} {backtrace[-1][0] if backtrace else ''}".strip()
