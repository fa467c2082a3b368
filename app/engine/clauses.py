"""The conditions of a document, taken apart and checked; what stands in many of them is looked at once."""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from app.engine.conditions import Predicate, attributes_of, compile_condition, operands_of
from app.engine.conjuncts import Conjunct, conjuncts_of, identity_of
from app.engine.logic import all_of
from app.engine.model import Condition
from app.engine.problems import Problem, Problems


class Clause(msgspec.Struct, frozen=True, eq=False):
    """One entry of a sound condition: what it asks for, and which segments it names."""

    check: Predicate
    conjuncts: Sequence[Conjunct]
    paths: frozenset[str]
    segments: frozenset[str]


class Clauses:
    """The clauses of every condition of a document, by its pointer."""

    def __init__(self) -> None:
        self._read: dict[Hashable, Clause] = {}
        self._of: dict[str, Sequence[Clause]] = {}
        self.paths: set[str] = set()
        self.segments: set[str] = set()

    def read(self, pointer: str, condition: Condition) -> Iterator[Problem]:
        """Take in the condition at a pointer; finds everything that is wrong in it."""
        clauses = []
        for key, value in condition.items():
            identity = identity_of((key, value))
            clause = self._read.get(identity)
            if clause is None:
                try:
                    clause = self._read[identity] = _clause({key: value}, pointer)
                except Problems as error:
                    yield from error.problems
                    continue
                self.paths |= clause.paths
                self.segments |= clause.segments
            clauses.append(clause)
        self._of[pointer] = clauses

    def of(self, pointer: str) -> Sequence[Clause]:
        """List the clauses of the condition that was read at a pointer."""
        return self._of[pointer]

    def items(self) -> Iterator[tuple[str, Sequence[Clause]]]:
        """List every condition that was read, with its pointer."""
        yield from self._of.items()

    def predicate(self, pointer: str) -> Predicate:
        """Compile the sound condition that was read at a pointer."""
        return all_of([clause.check for clause in self._of[pointer]])


def _clause(entry: Mapping[str, Any], pointer: str) -> Clause:
    check = compile_condition(entry, pointer=pointer)
    paths = attributes_of(entry)
    segments = operands_of(entry, "segments") if "segments" in paths else frozenset[str]()
    return Clause(check, list(conjuncts_of(entry)), paths, segments)
