"""A site of 200 experiments whose arms are alike, and its visitors: what is found there, chance has made."""

import random
from collections.abc import Iterator
from typing import Any

import msgspec

EXPERIMENTS, VISITORS = 200, 20_000
KEYS = tuple(f"aa-{number:03}" for number in range(EXPERIMENTS))
# Four experiments take turns on each placement, so that one request of 50 placements asks for all of them.
PLACEMENTS = tuple(f"aa.{number:02}" for number in range(50))
METRIC, ALPHA = "orders", 0.05
_AFTER_H, _BEFORE_H = 6, -24
_BUYS, _BUYS_AGAIN, _BOUGHT_BEFORE = 0.3, 0.1, 0.1


class Visit(msgspec.Struct, frozen=True):
    """One visitor, and how many hours after its decision it orders; what was before it never counts."""

    visitor: str
    orders_h: tuple[float, ...]

    @property
    def converts(self) -> bool:
        """Whether an order counts."""
        return max(self.orders_h, default=0) > 0


def alike_site(planned_units: int = VISITORS // 4) -> dict[str, Any]:
    """Build the document, every experiment with its default salt and two equal arms."""
    return {
        "placements": [_placement(key) for key in PLACEMENTS],
        "metrics": [{"key": METRIC, "event": "order_completed", "window_days": 1}],
        "experiments": [_experiment(number, planned_units) for number in range(EXPERIMENTS)],
        "rules": [_rule(number) for number in range(EXPERIMENTS)],
    }


def visits(count: int, seed: int) -> Iterator[Visit]:
    """Draw visitors: three in ten order, some of them twice, and one in ten had ordered the day before."""
    rng = random.Random(seed)
    for number in range(count):
        buys, again, before = (rng.random() for _ in range(3))
        hours = [_BEFORE_H] if before < _BOUGHT_BEFORE else []
        if buys < _BUYS:
            hours += [_AFTER_H, _AFTER_H + 1] if again < _BUYS_AGAIN else [_AFTER_H]
        yield Visit(f"v-{seed}-{number}", tuple(hours))


def _placement(key: str) -> dict[str, Any]:
    shown = [{"key": variant, "content": {"title": variant}} for variant in ("a", "b")]
    return {"key": key, "default": "a", "variants": shown}


def _where(number: int) -> tuple[str, int]:
    """Tell an experiment's placement, and its turn there."""
    return PLACEMENTS[number % len(PLACEMENTS)], number // len(PLACEMENTS)


def _experiment(number: int, planned_units: int) -> dict[str, Any]:
    placement, turn = _where(number)
    turns = EXPERIMENTS // len(PLACEMENTS)
    arms = [{"key": key, "variants": {placement: shown}} for key, shown in (("one", "a"), ("other", "b"))]
    return {
        "key": KEYS[number],
        "status": "running",
        "arms": arms,
        # A quarter, a third of the rest, half of what then remains, and all others.
        "traffic": 100 / (turns - turn),
        "primary_metric": METRIC,
        "analysis": {"method": "fixed", "alpha": ALPHA, "planned_units": planned_units},
    }


def _rule(number: int) -> dict[str, Any]:
    placement, turn = _where(number)
    deliver = {"experiment": KEYS[number]}
    return {
        "key": f"{KEYS[number]}-rule",
        "placements": [placement],
        "priority": 500 - turn,
        "deliver": deliver,
    }
