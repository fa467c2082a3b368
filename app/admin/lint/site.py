"""One site under inspection: its rules in order, and who of its visitors is known already."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from app.admin.lint.example import NAME, Example
from app.admin.lint.solve import Answer, Shown, Solver, Unknown
from app.admin.lint.terms import All, Granted, No, Term
from app.admin.lint.translate import Translation
from app.engine.arms import is_held_out, side_of_holdout
from app.engine.compile import compile_ruleset
from app.engine.evaluate import evaluate
from app.engine.index import Search
from app.engine.model import Document, Rule
from app.engine.visitor import Visitor

# An experiment takes some visitors in and not others: of so many, one is perhaps left out.
NAMES = (NAME, *(f"{NAME}-{number}" for number in range(2, 9)))
_MOST_OBSTACLES = 60
_NOT_SUITING = -1
_TOO_MANY = Unknown("too many other rules have to do with it")


class Refined(msgspec.Struct, frozen=True):
    """What came of a search: rules that stood in the way, and who met the last of them."""

    answer: Answer
    obstacles: Sequence[int] = ()
    met: Example | None = None


class Site:
    """A sound document and what asks about it. Rules are numbered as in the document."""

    def __init__(self, document: Document, now: datetime, **timing: Any) -> None:
        self.document = document
        self.now = now
        self.ruleset = compile_ruleset(document, 1)
        self.translation = Translation(document, now)
        self.solver = Solver(self.translation, self.ruleset, now, **timing)
        self.experiments = {experiment.key: experiment for experiment in document.experiments}
        numbers = {rule.key: number for number, rule in enumerate(document.rules)}
        self._number_of = [numbers[rule.key] for rule in self.ruleset.rules]
        self.numbers: Mapping[str, int] = numbers
        self.capped = frozenset(rule.key for rule in document.rules if rule.cap is not None)
        self.at: dict[str, list[int]] = {placement.key: [] for placement in document.placements}
        for number in self._number_of:
            for placement in dict.fromkeys(document.rules[number].placements):
                self.at[placement].append(number)
        self._met: dict[int, Example] = {}

    @property
    def asked(self) -> Sequence[int]:
        """The rules that are asked at all, in their order."""
        return self._number_of

    def rule(self, number: int) -> Rule:
        """Give a rule as it is written."""
        return self.document.rules[number]

    def term(self, number: int) -> Term:
        """Say whom a rule addresses, and when."""
        return self.translation.of_rule(self.rule(number))

    def _taking(self, number: int) -> Term:
        """Say whom a rule can take: an experiment takes nobody in who does not consent to analytics."""
        experiment = self.experiments.get(self.rule(number).deliver.experiment or "")
        if experiment is None or experiment.status != "running":
            return self.term(number)
        return All((self.term(number), Granted("analytics")))

    def delivers_to_all(self, number: int, placement: str) -> bool:
        """Whether all whom a rule addresses see what it shows at a placement, and no later rule."""
        rule = self.rule(number)
        if rule.cap is not None or rule.deliver.experiment is None:
            return rule.cap is None
        experiment = self.experiments[rule.deliver.experiment]
        if experiment.status != "stopped":
            return False
        return any(a.key == experiment.rollout and a.variants.get(placement) for a in experiment.arms)

    def addressed(self, visitor: Visitor, placement: str) -> Iterator[int]:
        """List the rules that address a visitor at a placement, in their order."""
        held_out = is_held_out(side_of_holdout(self.ruleset, visitor))
        search = Search(self.ruleset.index, visitor, held_out=held_out)
        place = search.first_at(placement)
        while place is not None:
            yield self._number_of[place]
            place = search.first_at(placement, place)

    def shown(
        self, visitor: Visitor, placements: Sequence[str], *, spent: bool, spared: Sequence[int] = ()
    ) -> list[int | None]:
        """Number the rules that show something at placements; with `spent`, once caps but the spared are."""
        spared_keys = {self.rule(number).key for number in spared}
        refused = self.capped - spared_keys if spent else frozenset[str]()
        chosen = evaluate(self.ruleset, visitor, placements, refused=refused).placements
        keys = [chosen[placement].rule for placement in placements]
        return [None if key is None else self.numbers[key] for key in keys]

    def has_caps(self, *placements: str) -> bool:
        """Whether a rule at one of these placements has a cap."""
        return any(self.rule(number).cap is not None for key in placements for number in self.at[key])

    def named(self, example: Example, suits: Callable[[Visitor], bool]) -> Example | None:
        """Give the example a name by which it suits, since chance decides for whom experiments are."""
        for named in (msgspec.structs.replace(example, name=name) for name in NAMES):
            visitor = named.seen(self.ruleset)
            if visitor is not None and suits(visitor):
                return named
        return None

    def meet(self, number: int) -> Answer:
        """Find somebody whom a rule addresses; whoever is known already is found at once."""
        if number in self._met:
            return Shown(self._met[number])
        placement = self.rule(number).placements[0]
        answer = self.solver.meet([self.term(number)], lambda v, _: number in self.addressed(v, placement))
        if isinstance(answer, Shown):
            self._met[number] = answer.example
        return answer

    def refine(
        self,
        wanted: Sequence[Term],
        suits: Callable[[Visitor], bool],
        in_the_way: Callable[[Visitor], int | None],
    ) -> Refined:
        """Find somebody of whom all terms hold and whom no other rule takes.

        Whoever is taken shows which rule is in the way, and the next one looked for is not addressed by it.
        """
        obstacles: list[int] = []
        met: Example | None = None
        while len(obstacles) <= _MOST_OBSTACLES:
            found: list[int | None] = []

            def confirm(visitor: Visitor, _: Example, found: list[int | None] = found) -> bool:
                found.append(in_the_way(visitor) if suits(visitor) else _NOT_SUITING)
                return found[-1] not in {_NOT_SUITING, *obstacles}

            terms = [*wanted, *(No(self._taking(number)) for number in obstacles)]
            answer = self.solver.meet(terms, confirm)
            if not isinstance(answer, Shown):
                return Refined(answer, obstacles, met)
            obstacle = found[-1]
            if obstacle is None:
                return Refined(answer, obstacles, answer.example)
            obstacles.append(obstacle)
            met = answer.example
        return Refined(_TOO_MANY, obstacles, met)

    def told(self, example: Example, *placements: str) -> dict[str, Any]:
        """Write an example as a preview takes it, by which anybody can see it shown."""
        listed = list(placements) or [placement.key for placement in self.document.placements[:1]]
        return {**example.told(), "placements": listed}

    def told_of(self, example: Example | None, *placements: str) -> dict[str, Any] | None:
        """Do what `told` does, where there is an example."""
        return None if example is None else self.told(example, *placements)
