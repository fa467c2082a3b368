"""The one spelling of names that come in several: of events, of properties and of locales."""

import re
from functools import lru_cache
from unicodedata import category, normalize

# Before an upper-case letter after a small one or a digit (orderCompleted), and before the last
# capital of an acronym that a word follows (HTTPError).
_WORD_STARTS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_BETWEEN_WORDS = re.compile(r"[\W_]+")
_SPACES = re.compile(" +")


# What is longer is hardly ever the same again, and anybody may send it: it is not kept.
_LONGEST_KEPT = 128


def snake_case(name: str) -> str:
    """Spell a name in snake_case: `Order Completed` and `orderCompleted` are `order_completed`.

    Doing it twice changes nothing, and the two ways in which Unicode writes an é are one. One leading `$`
    stays, since `$exposure` is ours and `exposure` is not. A name without any letter or digit stays as it is.
    """
    return _kept(name) if len(name) <= _LONGEST_KEPT else _spelled(name)


def _spelled(name: str) -> str:
    return "$" + _snake_case(name[1:]) if name.startswith("$") else _snake_case(name)


_kept = lru_cache(maxsize=4_096)(_spelled)


def _snake_case(name: str) -> str:
    if not name.isascii():
        return _snake_case_of_any(name)
    words = _WORD_STARTS.sub("_", name).lower()
    return _BETWEEN_WORDS.sub("_", words).strip("_") or name


def _snake_case_of_any(name: str) -> str:
    """Do so in every script: what can be written in two ways is one name, and a vowel sign ends no word."""
    composed = normalize("NFC", name)
    words = normalize("NFC", _WORD_STARTS.sub("_", composed).lower())
    return _BETWEEN_WORDS.sub(_marks_kept, words).strip("_") or composed


def _marks_kept(between: re.Match[str]) -> str:
    kept = [one if category(one) in {"Mn", "Mc"} else " " for one in between[0]]
    return _SPACES.sub("_", "".join(kept))


def locale_named(spelling: str) -> str:
    """Write a locale as all its spellings are understood: `de_AT` as `de-at`."""
    return spelling.lower().replace("_", "-")
