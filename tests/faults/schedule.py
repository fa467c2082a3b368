"""Which parts of the service a soak restarts, and when: pure."""

from collections.abc import Iterator

import msgspec

# In the order in which they have their turns.
PARTS = ("worker", "shipper", "postgres", "valkey")
EVERYTHING = ("everything",)


class Restart(msgspec.Struct, frozen=True):
    """Parts that are restarted at once, some seconds after the beginning."""

    at_s: float
    parts: tuple[str, ...]


def schedule(soak_s: float, every_s: float) -> Iterator[Restart]:
    """List all restarts: in every round each part has one, by turns one after the other or all at once.

    The first round restarts everything, down to the process that starts the others. After that the launcher
    and one of the workers live on, and in the second half of the rounds the shipper too: what lives for
    minutes alone shows no growth.
    """
    rounds = int(soak_s / every_s - 0.5)
    for number in range(1, rounds + 1):
        begins_s = number * every_s
        parts = tuple(part for part in PARTS if part != "shipper" or number <= rounds / 2)
        if number == 1:
            yield Restart(begins_s, EVERYTHING)
        elif number % 2:
            yield Restart(begins_s, parts)
        else:
            turn_s = every_s / len(parts)
            yield from (Restart(begins_s + turn * turn_s, (part,)) for turn, part in enumerate(parts))
