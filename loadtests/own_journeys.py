"""A small set of journeys of our own invention: forty shoppers over two weeks, the same ones always."""

from collections.abc import Iterator

from loadtests.journeys import build_step, step_id
from loadtests.mapping import trivago_context
from loadtests.steps import Step

SOURCE = "own"
_DAY_MS = 86_400_000
_MINUTE_MS = 60_000

# What each kind of shopper does, visit by visit, as `day:actions`. The letters are those of _EVENT_OF.
WAYS = {
    "passer-by": "0:sv",
    "window-shopper": "0:svv 3:svrvv 9:vvv",
    "careful-buyer": "0:svv 1:svvvv 2:vvkvvvv 4:vco",
    "straight-to-it": "2:sco",
    "compares-again": "0:svvco 6:svvvv 7:vvrvv 8:vco",
    "regular": "0:vco 4:svco 8:vco 12:vvo",
    "gave-up": "1:svvc 2:vc 5:v",
    "back-after-a-week": "0:svo 11:sv 13:vvvvco",
}
_EVENT_OF = {
    "s": "products_searched",
    "r": "search_refined",
    "v": "product_viewed",
    "k": "product_saved",
    "c": "product_added",
    "o": "order_completed",
}
_SUBJECTS = {
    "s": ("city bike", "rain jacket", "helmet", "panniers", "lights"),
    "r": ("price", "colour", "size", "rating", "brand"),
}
_HOMES = (("DE", "desktop"), ("UK", "mobile"), ("FR", "tablet"), ("US", "mobile"), ("AT", "desktop"))


def own_journeys() -> list[Step]:
    """List the steps of all forty, shopper by shopper; the first visit is at 1970-01-01."""
    return [
        step
        for kind, (way, visits) in enumerate(WAYS.items())
        for home in range(len(_HOMES))
        for step in _walk(kind * len(_HOMES) + home, f"{way}-{home + 1}", visits, home)
    ]


def _walk(shopper: int, visitor: str, visits: str, home: int) -> Iterator[Step]:
    """Follow one shopper; a minute or two lie between two actions, and each comes at an hour of their own."""
    said = trivago_context(*_HOMES[home])
    place = 0
    for visit in visits.split():
        day, _, actions = visit.partition(":")
        at_ms = int(day) * _DAY_MS + shopper * 31 * _MINUTE_MS
        for action in actions:
            place += 1
            at_ms += (1 + (shopper + place) % 2) * _MINUTE_MS
            subject = _subject(action, shopper + place)
            yield build_step(
                step_id(SOURCE, shopper, place), visitor, at_ms, _EVENT_OF[action], subject, said
            )


def _subject(action: str, turn: int) -> str:
    known = _SUBJECTS.get(action)
    return known[turn % len(known)] if known is not None else f"bike-{turn % 23:02d}"
