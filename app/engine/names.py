"""The one spelling of event and property names, since trackers differ in theirs."""

import re
from functools import lru_cache

# Before an upper-case letter after a small one or a digit (orderCompleted), and before the last
# capital of an acronym that a word follows (HTTPError).
_WORD_STARTS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_BETWEEN_WORDS = re.compile(r"[\W_]+")


# What is longer is hardly ever the same again, and anybody may send it: it is not kept.
_LONGEST_KEPT = 128


def snake_case(name: str) -> str:
    """Spell a name in snake_case: `Order Completed` and `orderCompleted` are `order_completed`.

    Doing it twice changes nothing. One leading `$` stays, since `$exposure` is ours and `exposure` is not.
    A name without any letter or digit stays as it is.
    """
    return _kept(name) if len(name) <= _LONGEST_KEPT else _spelled(name)


def _spelled(name: str) -> str:
    return "$" + _snake_case(name[1:]) if name.startswith("$") else _snake_case(name)


_kept = lru_cache(maxsize=4_096)(_spelled)


def _snake_case(name: str) -> str:
    words = _WORD_STARTS.sub("_", name).lower()
    return _BETWEEN_WORDS.sub("_", words).strip("_") or name
