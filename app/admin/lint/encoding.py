"""Terms as the solver takes them, with all that is always so of a visitor, and models as examples."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import z3  # type: ignore[import-untyped]  # z3-solver ships no types

from app.admin.lint.attribute import ARRAY, NUMBER, TEXT, Attribute
from app.admin.lint.example import Example
from app.admin.lint.moment import Moment
from app.admin.lint.relations import relations_of, without_memory
from app.admin.lint.samples import FRESH
from app.admin.lint.telling import Values, example_of
from app.admin.lint.terms import (
    All,
    Asks,
    Either,
    Granted,
    HeldOut,
    Idle,
    InStage,
    InWindow,
    No,
    Opaque,
    Since,
    Term,
    inside_out,
)
from app.admin.lint.texts import Formula
from app.admin.lint.translate import Translation
from app.kit.clock import rfc3339_of


class Encoding:
    """Some terms that shall hold of one visitor at once, from an instant on."""

    def __init__(self, translation: Translation, wanted: Sequence[Term], earliest: datetime) -> None:
        self._translation = translation
        self.moment = Moment(earliest)
        self.stages: dict[str, Formula] = {}
        self.granted: dict[str, Formula] = {}
        self.held_out: Formula | None = None
        self.idle = z3.Int("idle")
        self._of_stages: list[Term] = []
        self._formulas: dict[int, Formula] = {}
        self._written: set[int] = set()
        self.attributes = self._attributes(wanted)
        self.wanted = [self.formula(term) for term in wanted]
        self.facts = list(self._facts())

    def formula(self, term: Term) -> Formula:
        """Write a term for the solver; one that is asked for again is the same."""
        for each in inside_out(term, self._written):
            self._formulas[id(each)] = self._formula(each)
        return self._formulas[id(term)]

    def is_plain(self) -> Formula:
        """Say that the visitor is one of whom an example can be given for sure."""
        return z3.And(
            [attribute.is_plain() for attribute in self.attributes.values()] + list(self.granted.values())
        )

    def example(self, model: Formula, zone: ZoneInfo) -> Example | None:
        """Make up the visitor of a model; `zone` is the site's. None where there is no such instant."""
        clock = {
            path[1]: _whole(model, attribute.number)
            for path, attribute in self.attributes.items()
            if path in {("context", "hour"), ("context", "weekday")}
        }
        at = self.moment.find(model, clock, zone)
        if at is None:
            return None
        values = Values(
            attributes={path: _value(model, attribute) for path, attribute in self.attributes.items()},
            stages={key: self._stage(model, key) for key in self.stages},
            denied=frozenset(p for p, holds in self.granted.items() if not _truth(model, holds)),
            held_out=None if self.held_out is None else _truth(model, self.held_out),
            idle_ms=_whole(model, self.idle),
        )
        return example_of(values, at)

    def _attributes(self, wanted: Sequence[Term]) -> dict[tuple[str, ...], Attribute]:
        """Gather all that is asked, by the terms and by the stages that they name."""
        asked: dict[tuple[str, ...], list[Asks]] = {}
        seen: set[int] = set()
        waiting = list(wanted)
        while waiting:
            for leaf in inside_out(waiting.pop(), seen):
                if isinstance(leaf, Asks):
                    asked.setdefault(leaf.path, []).append(leaf)
                elif isinstance(leaf, InStage) and leaf.journey not in self.stages:
                    waiting += self._staged(leaf.journey)
        return {
            path: Attribute(path, asks, f"attribute {place}", self.moment.now)
            for place, (path, asks) in enumerate(asked.items())
        }

    def _staged(self, key: str) -> list[Term]:
        """Begin to say in which stage of a journey the visitor stands."""
        journey = self._translation.journeys[key]
        self.stages[key] = z3.Int(f"stage of {key}")
        terms: list[Term] = [
            Either((No(InStage(key, stage.key)), self._translation.of_stage(journey, stage)))
            for stage in journey.stages
        ]
        self._of_stages += terms
        return terms

    def _facts(self) -> Iterator[Formula]:
        # The formulas come first: they are what the facts are about.
        yield from [self.formula(term) for term in self._of_stages]
        for key, stage in self.stages.items():
            yield z3.And(stage >= 0, stage < len(self._translation.journeys[key].stages))
        for attribute in self.attributes.values():
            yield from attribute.facts()
        yield from relations_of(self.attributes, self.moment.now)
        if "personalization" in self.granted:
            yield z3.Or(self.granted["personalization"], z3.And(list(without_memory(self.attributes))))
        yield from self.moment.facts()
        yield self.idle >= 0

    def _formula(self, term: Term) -> Formula:
        """Write a term whose parts are written."""
        match term:
            case All(parts):
                formula = z3.And([self._formulas[id(part)] for part in parts])
            case Either(parts):
                formula = z3.Or([self._formulas[id(part)] for part in parts])
            case No(part):
                formula = z3.Not(self._formulas[id(part)])
            case Asks():
                formula = self.attributes[term.path].formula(term)
            case InStage(journey, stage):
                places = [each.key for each in self._translation.journeys[journey].stages]
                formula = self.stages[journey] == places.index(stage)
            case Since():
                formula = self.moment.since(term)
            case InWindow():
                formula = self.moment.in_window(term)
            case _:
                formula = self._of_visitor(term)
        return formula

    def _of_visitor(self, term: Granted | HeldOut | Idle | Opaque) -> Formula:
        match term:
            case Granted(purpose):
                return self.granted.setdefault(purpose, z3.Bool(f"granted {purpose}"))
            case HeldOut():
                self.held_out = z3.Bool("held out")
                return self.held_out
            case Idle(ms):
                return self.idle >= ms
            case Opaque(identity):
                return z3.Bool(f"opaque {identity!r}")

    def _stage(self, model: Formula, key: str) -> str:
        return self._translation.journeys[key].stages[_whole(model, self.stages[key])].key


def _value(model: Formula, attribute: Attribute) -> Any:
    """Give the value that an attribute has in a model; what only the solver knows is made up."""
    pick = _whole(model, attribute.pick)
    if pick >= 0:
        return attribute.known[pick]
    if pick == NUMBER:
        return _number(_fraction(model, attribute.number))
    if pick == ARRAY:
        arrays = attribute.arrays
        return arrays.elements_in(lambda is_in: _truth(model, is_in), _whole(model, arrays.length), FRESH)
    return _text(model, attribute) if pick == TEXT else {}


def _text(model: Formula, attribute: Attribute) -> str:
    if _truth(model, attribute.texts.is_instant):
        # An instant of the solver's may be one that no calendar has; the text is tried like any other.
        with suppress(OverflowError, ValueError):
            return rfc3339_of(int(_fraction(model, attribute.instant)) // 1_000)
    if _truth(model, attribute.texts.is_numeric):
        return f"{_number(_fraction(model, attribute.number))} "
    return "something else"


def _number(number: Fraction) -> float:
    return int(number) if number.denominator == 1 else float(number)


def _truth(model: Formula, formula: Formula) -> bool:
    return bool(z3.is_true(model.eval(formula, model_completion=True)))


def _whole(model: Formula, number: Formula) -> int:
    return int(model.eval(number, model_completion=True).as_long())


def _fraction(model: Formula, number: Formula) -> Fraction:
    value = model.eval(number, model_completion=True)
    return Fraction(value.as_long()) if z3.is_int_value(value) else Fraction(value.as_fraction())
