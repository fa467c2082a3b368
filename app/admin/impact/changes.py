"""How two decisions for one visitor differ: pure."""

from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple, TypeAlias

from app.engine.decision import Choice, Decision
from app.engine.reasons import Reason

Kind: TypeAlias = Literal["gained", "lost", "other_variant", "other_content", "same_content"]
"""What became of a placement. `same_content`: the same is seen, for another reason or by another rule."""

SEEN_APART: frozenset[Kind] = frozenset({"gained", "lost", "other_variant", "other_content"})
_PERSONAL = frozenset({Reason.RULE, Reason.EXPERIMENT})


class Seen(NamedTuple):
    """What one placement shows, and why."""

    variant: str | None
    reason: str
    rule: str | None
    experiment: str | None
    arm: str | None

    @classmethod
    def of(cls, choice: Choice) -> "Seen":
        """Take a choice without its content."""
        return cls(choice.variant, choice.reason.value, choice.rule, choice.experiment, choice.arm)


class AtPlacement(NamedTuple):
    """One placement at which two decisions differ."""

    placement: str
    kind: Kind
    before: Seen
    after: Seen


def kind_of(before: Choice, after: Choice) -> Kind | None:
    """Say what became of a placement; None where nothing did."""
    if before.variant == after.variant and before.content == after.content:
        return None if Seen.of(before) == Seen.of(after) else "same_content"
    was, is_now = before.reason in _PERSONAL, after.reason in _PERSONAL
    if was != is_now:
        return "gained" if is_now else "lost"
    return "other_content" if before.variant == after.variant else "other_variant"


def placements_in(before: Decision, after: Decision) -> Iterator[AtPlacement]:
    """List the placements at which two decisions differ; both must be of the same placements."""
    for key, was in before.placements.items():
        is_now = after.placements[key]
        kind = kind_of(was, is_now)
        if kind is not None:
            yield AtPlacement(key, kind, Seen.of(was), Seen.of(is_now))


def arms_of(decision: Decision) -> dict[str, str]:
    """Name the arm of each experiment that a visitor is in, whether or not it may be logged."""
    shown = {
        choice.experiment: choice.arm
        for choice in decision.placements.values()
        if choice.experiment is not None and choice.arm is not None
    }
    return {taken.experiment: taken.arm for taken in decision.arms} | shown


def differing(
    before: Mapping[str, str], after: Mapping[str, str]
) -> Iterator[tuple[str, str | None, str | None]]:
    """List the keys whose values differ, with both; None where there is none."""
    if before != after:
        for key in {**before, **after}:
            was, is_now = before.get(key), after.get(key)
            if was != is_now:
                yield key, was, is_now


def places_of_rules(decision: Decision) -> dict[str, dict[str, Choice]]:
    """List by rule the placements that it fills."""
    places: dict[str, dict[str, Choice]] = {}
    for key, choice in decision.placements.items():
        if choice.rule is not None:
            places.setdefault(choice.rule, {})[key] = choice
    return places
