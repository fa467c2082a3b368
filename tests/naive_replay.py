"""What a draft would change, found out the long way: every logged decision in memory, and one loop."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple
from uuid import UUID

from app.decision.inputs import Basis, decode_basis
from app.engine.decision import Choice, Decision
from app.engine.evaluate import evaluate
from app.engine.ruleset import Ruleset

Counts = dict[tuple[Any, ...], int]

KINDS = ("gained", "lost", "other_variant", "other_content", "same_content")


class Row(NamedTuple):
    """A logged decision as PostgreSQL has it; rows sort by instant and id."""

    at: Any
    id: UUID
    visitor: str
    asked: bytes


def latest(rows: Iterable[Row], visitors: int, placements: Iterable[str] = ()) -> list[Basis]:
    """Take the latest decision of each of the last visitors, of those that asked for such a placement."""
    found: dict[str, Basis] = {}
    for row in sorted(rows, reverse=True):
        basis = decode_basis(row.asked)
        if set(placements) and not set(placements) & set(basis.placements):
            continue
        found.setdefault(row.visitor, basis)
    return list(found.values())[:visitors]


def naive_impact(bases: Iterable[Basis], before: Ruleset, after: Ruleset, only: Iterable[str] = ()) -> Counts:
    """Count what differs, as `flat` lays out a result."""
    counts: Counter[tuple[Any, ...]] = Counter()
    for basis in bases:
        asked = [place for place in basis.placements if not set(only) or place in set(only)]
        was, will = (_decided(rules, basis, asked) for rules in (before, after))
        counts["visitors",] += 1
        kinds = {place: _kind(was.placements[place], will.placements[place]) for place in asked}
        counts["changed",] += any(kind in KINDS[:4] for kind in kinds.values())
        for place, kind in kinds.items():
            counts["placement", place, "visitors"] += 1
            if kind is not None:
                counts["placement", place, kind] += 1
                pair = _seen(was.placements[place]), _seen(will.placements[place])
                counts["move", place, kind, *pair] += 1
        _count_rules(counts, was, will)
        _count_pairs(counts, "arm", _arms(was), _arms(will))
        _count_pairs(counts, "stage", was.stages, will.stages)
        for segment in {*was.segments, *will.segments}:
            counts["segment", segment, segment in was.segments, segment in will.segments] += 1
    return {key: number for key, number in counts.items() if number}


def _decided(rules: Ruleset, basis: Basis, asked: list[str]) -> Decision:
    return evaluate(rules, basis.seen_by(rules), asked, refused=basis.refused)


def _seen(choice: Choice) -> tuple[Any, ...]:
    return choice.variant, str(choice.reason), choice.rule, choice.experiment, choice.arm


def _kind(was: Choice, will: Choice) -> str | None:
    if (was.variant, bytes(was.content)) != (will.variant, bytes(will.content)):
        if was.rule is None and will.rule is not None:
            return "gained"
        if was.rule is not None and will.rule is None:
            return "lost"
        return "other_content" if was.variant == will.variant else "other_variant"
    return "same_content" if _seen(was) != _seen(will) else None


def _count_rules(counts: Counter[tuple[Any, ...]], was: Decision, will: Decision) -> None:
    sides = []
    for decision in (was, will):
        shown = {(c.rule, place, c.variant, bytes(c.content)) for place, c in decision.placements.items()}
        sides.append({entry for entry in shown if entry[0] is not None})
    for rule in {entry[0] for entry in sides[0] | sides[1]}:
        old, new = ({entry for entry in side if entry[0] == rule} for side in sides)
        counts["rule", rule, "before"] += bool(old)
        counts["rule", rule, "after"] += bool(new)
        if old != new:
            counts["rule", rule, "changed" if old and new else "gained" if new else "lost"] += 1


def _arms(decision: Decision) -> dict[str, str]:
    arms = {taken.experiment: taken.arm for taken in decision.arms}
    for choice in decision.placements.values():
        if choice.experiment is not None and choice.arm is not None:
            arms[choice.experiment] = choice.arm
    return arms


def _count_pairs(
    counts: Counter[tuple[Any, ...]], word: str, was: Mapping[str, str], will: Mapping[str, str]
) -> None:
    for key in {*was, *will}:
        if was.get(key) != will.get(key):
            counts[word, key, was.get(key), will.get(key)] += 1


def flat(total: Mapping[str, Any], naive: Counts) -> Counts:
    """Lay a result out like the naive counts; what it does not list, since nobody differs, is taken over."""
    told: Counts = {("visitors",): total["visitors"], ("changed",): total["changed"]}
    for place in total["placements"]:
        told |= _flat_placement(place, naive)
    for rule in total["rules"]:
        for field in ("before", "after", "gained", "lost", "changed"):
            told["rule", rule["rule"], field] = rule[field]
    for word, listed, name in (("arm", "experiments", "experiment"), ("stage", "journeys", "journey")):
        for each in total[listed]:
            for move in each["moves"]:
                told[word, each[name], move["before"], move["after"]] = move["visitors"]
    for each in total["segments"]:
        told["segment", each["segment"], False, True] = each["entered"]
        told["segment", each["segment"], True, False] = each["left"]
        told["segment", each["segment"], True, True] = each["before"] - each["left"]
    return _quiet(total, naive) | {key: number for key, number in told.items() if number}


def _flat_placement(place: Mapping[str, Any], naive: Counts) -> Counts:
    head = ("move", place["placement"])
    told: Counts = {("placement", head[1], field): place[field] for field in ("visitors", *KINDS)}
    for move in place["moves"]:
        told[(*head, move["kind"], _side(move["before"]), _side(move["after"]))] = move["visitors"]
    unlisted = [key for key in naive if key[:2] == head and key not in told]
    # What is left out is not told; that there is so much of it is.
    left_out = len(unlisted) == place["moves_left_out"]
    return told | {key: naive[key] for key in unlisted if left_out}


def _quiet(total: Mapping[str, Any], naive: Counts) -> Counts:
    """Take over the counts of rules and segments that are not listed."""
    rules = {rule["rule"] for rule in total["rules"]}
    segments = {each["segment"] for each in total["segments"]}
    fields = {"before", "after"}
    if total["rules_left_out"]:
        fields |= {"gained", "lost", "changed"}
    return {key: number for key, number in naive.items() if _is_quiet(key, rules, fields, segments)}


def _side(side: Mapping[str, Any]) -> tuple[Any, ...]:
    return side["variant"], side["reason"], side["rule"], side["experiment"], side["arm"]


def _is_quiet(key: tuple[Any, ...], rules: set[str], fields: set[str], segments: set[str]) -> bool:
    """Whether a count is of a rule or segment that is not listed."""
    if key[0] == "rule":
        return key[1] not in rules and key[2] in fields
    return key[0] == "segment" and key[1] not in segments and key[2] is key[3]
