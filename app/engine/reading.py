"""The conditions of a document, checked and taken apart; what stands in many of them is looked at once."""

from collections.abc import Hashable, Iterator, Sequence

from app.engine.conditions import attributes_of, compile_condition, operands_of
from app.engine.conjuncts import Conjunct, conjuncts_of, identity_of
from app.engine.event_attributes import normalized
from app.engine.model import Condition
from app.engine.problems import Problem, Problems
from app.kit.steps import Steps, letting_go


class Reading:
    """What is found in reading the conditions of a document.

    `paths` and `segments` are the attributes that sound conditions ask for and the segments that they name.
    """

    def __init__(self) -> None:
        self.paths: set[str] = set()
        self.segments: set[str] = set()
        self._conjuncts_in: dict[Hashable, Sequence[Conjunct]] = {}
        self._conjuncts_at: dict[str, Sequence[Conjunct]] = {}

    def read(self, pointer: str, condition: Condition) -> Iterator[Problem]:
        """Read the condition at a pointer; finds everything that is wrong in it."""
        conjuncts: list[Conjunct] = []
        for key, value in condition.items():
            identity = identity_of((key, value))
            known = self._conjuncts_in.get(identity)
            if known is None:
                entry = {key: value}
                try:
                    compile_condition(entry, pointer=pointer)
                except Problems as error:
                    yield from error.problems
                    continue
                known = self._conjuncts_in[identity] = tuple(conjuncts_of(entry))
                self._note(key, entry)
            conjuncts += known
        self._conjuncts_at[pointer] = conjuncts

    def conjuncts_at(self, pointer: str) -> Sequence[Conjunct]:
        """List the conjuncts of the sound condition at a pointer, the same object wherever one stands."""
        return self._conjuncts_at[pointer]

    def letting_go(self) -> Steps[None]:
        """Forget the conjuncts."""
        return letting_go(self._conjuncts_at, self._conjuncts_in)

    def _note(self, key: str, entry: Condition) -> None:
        # To list what a group asks for takes a walk through it; an attribute asks for itself.
        paths = attributes_of(entry) if key.startswith("$") else {".".join(normalized(key))}
        self.paths |= paths
        if "segments" in paths:
            self.segments |= operands_of(entry, "segments")
