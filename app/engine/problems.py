"""What is wrong with a document, and where in it."""

import difflib
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import TypeAlias

import msgspec

_SHOWN_LENGTH = 60


class Problem(msgspec.Struct, frozen=True):
    """One thing wrong: the JSON pointer (RFC 6901) of the place, and what would be right there."""

    pointer: str
    message: str


Findings: TypeAlias = Iterator[Problem | None]
"""The problems of something large; None stands for a part without any, for whoever asks to pause there."""


class Problems(ValueError):  # noqa: N818 -- the admin reads it as the list of what to mend
    """Everything found wrong with a document, in the order of the document."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(f"{problem.pointer or '/'}: {problem.message}" for problem in problems))
        self.problems = tuple(problems)


def escaped(key: str) -> str:
    """Write a key as one step of a JSON pointer."""
    return key.replace("~", "~0").replace("/", "~1")


def shown(text: str) -> str:
    """Quote what somebody wrote, cut to a length that a message can bear."""
    return repr(text if len(text) <= _SHOWN_LENGTH else text[:_SHOWN_LENGTH] + "…")


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """End a message with the known word nearest to the one written, or with all of them."""
    return _hint(word[:_SHOWN_LENGTH], tuple(known))


# A word that is wrong in one place of a large document is wrong in a thousand.
@lru_cache(maxsize=1_024)
def _hint(word: str, known: tuple[str, ...]) -> str:
    nearest = difflib.get_close_matches(word, known, n=1)
    return f"did you mean {nearest[0]}?" if nearest else f"known are {', '.join(known)}"
