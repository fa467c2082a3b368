"""Whether there can be a visitor of whom some terms hold, decided within a time, and shown by the engine."""

from collections.abc import Callable, Sequence
from datetime import datetime
from time import monotonic
from typing import TypeAlias

import msgspec
import z3  # type: ignore[import-untyped]  # z3-solver ships no types

from app.admin.lint.encoding import Encoding
from app.admin.lint.example import Example
from app.admin.lint.guess import guess
from app.admin.lint.terms import All, Term
from app.admin.lint.texts import Formula
from app.admin.lint.translate import Translation
from app.engine.ruleset import Ruleset
from app.engine.visitor import Visitor

EFFORT = 4_000_000
"""What one question may cost, as the solver counts it: some 0.2 s, and the same on a busy machine."""

# The solver is asked to end by then, and takes numbers of milliseconds of 32 bits.
_LONGEST_S = 600.0

Confirm: TypeAlias = Callable[[Visitor, Example], bool]
"""Whether the engine says of a visitor what the solver says."""


class OutOfTimeError(Exception):
    """The time is up; what was not looked at stays so."""


class Shown(msgspec.Struct, frozen=True):
    """There is such a visitor: this one, as the engine has confirmed."""

    example: Example


class Impossible(msgspec.Struct, frozen=True):
    """There is no such visitor, for these of the terms already, by their places."""

    because: frozenset[int]


class Unknown(msgspec.Struct, frozen=True):
    """Neither was shown; the reason is for people."""

    why: str


Answer: TypeAlias = Shown | Impossible | Unknown

_TOO_LONG = Unknown("the solver did not come to an end in its time")
_NOT_EXPRESSED = Unknown(
    "the solver knows too little of a pattern, an array or an instant that is asked for here, and no visitor"
    " that it made up was confirmed by the engine"
)


class Solver:
    """Asks about one site's visitors from an instant on; raises OutOfTimeError once its time is up."""

    def __init__(
        self,
        translation: Translation,
        ruleset: Ruleset,
        earliest: datetime,
        *,
        effort: int = EFFORT,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self.translation = translation
        self.ruleset = ruleset
        self.earliest = earliest
        self.ends_at = float("inf")
        self._effort = effort
        self._clock = clock

    def left_s(self) -> float:
        """Tell how much time is left; raises OutOfTimeError where none is."""
        left = self.ends_at - self._clock()
        if left <= 0:
            raise OutOfTimeError
        return left

    def meet(self, wanted: Sequence[Term], confirm: Confirm) -> Answer:
        """Do what `ask` does, mostly at once; the engine must confirm each of the terms."""
        self.left_s()
        example = guess(self.translation, All(tuple(wanted)), self.earliest, self.ruleset.zone)
        visitor = None if example is None else example.seen(self.ruleset)
        if example is not None and visitor is not None and confirm(visitor, example):
            return Shown(example)
        return self.ask(wanted, confirm)

    def ask(self, wanted: Sequence[Term], confirm: Confirm) -> Answer:
        """Look for a visitor of whom all terms hold and whom the engine confirms."""
        timeout_ms = max(1, round(1_000 * min(_LONGEST_S, self.left_s())))
        encoding = Encoding(self.translation, wanted, self.earliest)
        solver = z3.Solver()
        solver.set("timeout", timeout_ms)
        solver.set("rlimit", self._effort)
        solver.add(encoding.facts)
        tracked = [z3.Bool(f"wanted {place}") for place in range(len(wanted))]
        for track, formula in zip(tracked, encoding.wanted, strict=True):
            solver.add(z3.Implies(track, formula))
        # First somebody of whom an example can be given for sure, then anybody.
        verdicts = []
        for assumed in ([*tracked, encoding.is_plain()], tracked):
            verdicts.append(solver.check(*assumed))
            if verdicts[-1] == z3.sat:
                example = self._confirmed(encoding, solver.model(), confirm)
                if example is not None:
                    return Shown(example)
        return self._verdict(verdicts, solver, tracked)

    def _confirmed(self, encoding: Encoding, model: Formula, confirm: Confirm) -> Example | None:
        example = encoding.example(model, self.ruleset.zone)
        visitor = None if example is None else example.seen(self.ruleset)
        return example if example is not None and visitor is not None and confirm(visitor, example) else None

    def _verdict(self, verdicts: list[Formula], solver: Formula, tracked: Sequence[Formula]) -> Answer:
        """Say what came of it where no visitor was shown; the last of the verdicts is on everybody."""
        if verdicts[-1] == z3.unsat:
            core = {str(formula) for formula in solver.unsat_core()}
            return Impossible(frozenset(i for i, track in enumerate(tracked) if str(track) in core))
        return _TOO_LONG if z3.unknown in verdicts else _NOT_EXPRESSED
