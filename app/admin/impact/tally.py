"""What differs, counted over visitors: pure."""

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple, TypeAlias

from app.admin.impact.changes import (
    SEEN_APART,
    AtPlacement,
    Seen,
    arms_of,
    differing,
    placements_in,
    places_of_rules,
)
from app.admin.impact.report import (
    Example,
    ExperimentImpact,
    JourneyImpact,
    Move,
    PlacementImpact,
    PlacementMove,
    RuleImpact,
    SegmentImpact,
    Shown,
    Side,
    Totals,
)
from app.engine.decision import Choice, Decision

EXAMPLES = 3
# At each placement, and in all: a result is read in one go.
MOVES_LISTED = 20
RULES_LISTED = 200

Raw: TypeAlias = Seen | str | bool | None


class _Moves:
    """Visitors by what they go from and to, under a name, with the first few of each as examples."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, Raw, Raw]] = Counter()
        self._examples: dict[tuple[str, Raw, Raw], list[Example]] = {}

    def note(self, name: str, before: Raw, after: Raw, decision_id: str) -> None:
        key = name, before, after
        self._counts[key] += 1
        if self._counts[key] <= EXAMPLES:
            example = Example(decision_id, side_of(before), side_of(after))
            self._examples.setdefault(key, []).append(example)

    def by_name(self) -> dict[str, list[Move]]:
        """List the moves of each name, the most frequent first."""
        listed: dict[str, list[Move]] = {}
        ranked = sorted(self._counts.items(), key=lambda counted: (-counted[1], repr(counted[0])))
        for (name, before, after), visitors in ranked:
            examples = self._examples[name, before, after]
            move = Move(side_of(before), side_of(after), visitors, examples)
            listed.setdefault(name, []).append(move)
        return dict(sorted(listed.items()))


class Tally:
    """Adds up visitors, each with the decision before and after."""

    def __init__(self) -> None:
        self._visitors = 0
        self._changed = 0
        self._asked: Counter[str] = Counter()
        self._kinds: dict[str, Counter[str]] = {}
        self._moved: Counter[AtPlacement] = Counter()
        self._moved_examples: dict[AtPlacement, list[str]] = {}
        self._arms, self._stages, self._segments = _Moves(), _Moves(), _Moves()
        self._in_segment: tuple[Counter[str], Counter[str]] = (Counter(), Counter())
        self._rules = _Rules()

    def add(self, decision_id: str, before: Decision, after: Decision) -> None:
        """Count one visitor."""
        self._visitors += 1
        self._add_placements(decision_id, before, after)
        self._rules.add(decision_id, before, after)
        for experiment, was, is_now in differing(arms_of(before), arms_of(after)):
            self._arms.note(experiment, was, is_now, decision_id)
        for journey, was, is_now in differing(before.stages, after.stages):
            self._stages.note(journey, was, is_now, decision_id)
        for counts, decision in zip(self._in_segment, (before, after), strict=True):
            counts.update(decision.segments)
        for segment in {*before.segments} ^ {*after.segments}:
            was_in = segment in before.segments
            self._segments.note(segment, was_in, not was_in, decision_id)

    def _add_placements(self, decision_id: str, before: Decision, after: Decision) -> None:
        self._asked.update([*before.placements])
        sees_something_else = False
        for differs in placements_in(before, after):
            self._kinds.setdefault(differs.placement, Counter())[differs.kind] += 1
            self._moved[differs] += 1
            if self._moved[differs] <= EXAMPLES:
                self._moved_examples.setdefault(differs, []).append(decision_id)
            sees_something_else = sees_something_else or differs.kind in SEEN_APART
        self._changed += sees_something_else

    def total(self) -> Totals:
        """Tell what all of them come to. What nobody differs in is not listed, but for placements."""
        rules = sorted(self._rules.listed(), key=lambda rule: -(rule.gained + rule.lost + rule.changed))
        return Totals(
            visitors=self._visitors,
            changed=self._changed,
            placements=[*self._placements()],
            rules=rules[:RULES_LISTED],
            rules_left_out=len(rules[RULES_LISTED:]),
            experiments=[ExperimentImpact(*named) for named in self._arms.by_name().items()],
            journeys=[JourneyImpact(*named) for named in self._stages.by_name().items()],
            segments=[*self._segments_listed()],
        )

    def _placements(self) -> Iterator[PlacementImpact]:
        moves: dict[str, list[PlacementMove]] = {}
        for differs, visitors in sorted(self._moved.items(), key=lambda moved: (-moved[1], repr(moved[0]))):
            before, after = Shown(*differs.before), Shown(*differs.after)
            examples = [Example(id_, before, after) for id_ in self._moved_examples[differs]]
            move = PlacementMove(differs.kind, before, after, visitors, examples)
            moves.setdefault(differs.placement, []).append(move)
        for placement, visitors in sorted(self._asked.items()):
            kinds, own = self._kinds.get(placement, Counter()), moves.get(placement, [])
            yield PlacementImpact(
                placement=placement,
                visitors=visitors,
                changed=sum(kinds[kind] for kind in SEEN_APART),
                gained=kinds["gained"],
                lost=kinds["lost"],
                other_variant=kinds["other_variant"],
                other_content=kinds["other_content"],
                same_content=kinds["same_content"],
                moves=own[:MOVES_LISTED],
                moves_left_out=len(own[MOVES_LISTED:]),
            )

    def _segments_listed(self) -> Iterator[SegmentImpact]:
        before, after = self._in_segment
        for segment, moves in self._segments.by_name().items():
            entered = sum(move.visitors for move in moves if move.after)
            left = sum(move.visitors for move in moves if not move.after)
            examples = [example for move in moves for example in move.examples]
            yield SegmentImpact(segment, before[segment], after[segment], entered, left, examples)


class _Rule(NamedTuple):
    counts: Counter[str]
    examples: list[Example]


class _Rules:
    """Visitors by the rules that they see something of."""

    def __init__(self) -> None:
        self._rules: dict[str, _Rule] = {}

    def add(self, decision_id: str, before: Decision, after: Decision) -> None:
        was_at, is_at = places_of_rules(before), places_of_rules(after)
        for key in {**was_at, **is_at}:
            rule = self._rules.setdefault(key, _Rule(Counter(), []))
            was, is_now = was_at.get(key, {}), is_at.get(key, {})
            rule.counts["before"] += bool(was)
            rule.counts["after"] += bool(is_now)
            place = _first_differing(was, is_now)
            if place is None:
                continue
            kind = "changed" if was and is_now else "gained" if is_now else "lost"
            rule.counts[kind] += 1
            if rule.counts[kind] <= EXAMPLES:
                before_there, after_there = before.placements[place], after.placements[place]
                shown = side_of(Seen.of(before_there)), side_of(Seen.of(after_there))
                rule.examples.append(Example(decision_id, *shown, placement=place))

    def listed(self) -> Iterator[RuleImpact]:
        for key, (counts, examples) in sorted(self._rules.items()):
            changes = counts["gained"], counts["lost"], counts["changed"]
            if any(changes):
                yield RuleImpact(key, counts["before"], counts["after"], *changes, examples)


def _first_differing(was: dict[str, Choice], is_now: dict[str, Choice]) -> str | None:
    """Find a placement that a rule fills on one side alone, or with something else."""
    return next((place for place in (*was, *is_now) if _differs(was.get(place), is_now.get(place))), None)


def _differs(was: Choice | None, is_now: Choice | None) -> bool:
    if was is None or is_now is None:
        return True
    return was.variant != is_now.variant or was.content != is_now.content


def side_of(raw: Raw) -> Side:
    """Write what stood before or after as it is answered."""
    return Shown(*raw) if isinstance(raw, Seen) else raw
