"""Texts that a regular expression may find: a few plain ones, by reading the pattern in a simple way."""

from collections.abc import Iterator
from itertools import product

_CLASSES = {
    "d": "7",
    "w": "a",
    "s": " ",
    "D": "a",
    "W": "-",
    "S": "a",
    "n": "\n",
    "t": "\t",
    "b": "",
    "B": "",
}
_PER_GROUP = 8
_DEEPEST = 20


def texts_for(pattern: str) -> Iterator[str]:
    """List texts that the pattern may find, and one for each of its first alternatives.

    What is read wrongly is found out when a text is tried.
    """
    yield from dict.fromkeys(_Reader(pattern).alternatives(0))


class _Reader:
    """Goes through a pattern once; `alternatives` stops at the parenthesis that ends its group."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._at = 0

    def alternatives(self, depth: int) -> list[str]:
        found = self._sequence(depth)
        while self._next() == "|":
            self._at += 1
            found += self._sequence(depth)
        return found[:_PER_GROUP]

    def _sequence(self, depth: int) -> list[str]:
        texts = [""]
        while (char := self._next()) not in {"", "|", ")"}:
            pieces = self._piece(char, depth)
            least, most = self._repeated()
            times = dict.fromkeys((max(least, min(1, most)), least))
            options = [piece * n for n in times for piece in pieces]
            texts = [a + b for a, b in product(texts, options)][:_PER_GROUP]
        return texts

    def _piece(self, char: str, depth: int) -> list[str]:
        self._at += 1
        match char:
            case "^" | "$":
                return [""]
            case ".":
                return ["a"]
            case "[":
                return [self._one_of_class()]
            case "(":
                return self._group(depth)
            case "\\":
                return [self._escaped()]
        return [char]

    def _group(self, depth: int) -> list[str]:
        if depth > _DEEPEST:
            self._at = len(self._pattern)
            return [""]
        if self._next() == "?":
            # What stands between `?` and `:` or `>` says how the group is called or read, or all of it.
            while self._next() not in {"", ":", ">", ")"}:
                self._at += 1
            if self._next() in {":", ">"}:
                self._at += 1
        texts = self.alternatives(depth + 1)
        self._at += 1
        return texts

    def _one_of_class(self) -> str:
        negated = self._next() == "^"
        self._at += negated
        listed = ""
        while (char := self._next()) and not (char == "]" and listed):
            self._at += 1
            listed += self._escaped() if char == "\\" else char
        self._at += 1
        if not negated:
            return listed[:1]
        return next((c for c in "a7-_Z~" if c not in listed), "ä")

    def _escaped(self) -> str:
        char = self._next()
        self._at += 1
        return _CLASSES.get(char, char if not char.isalpha() else "")

    def _repeated(self) -> tuple[int, int]:
        char = self._next()
        bounds = {"*": (0, 2), "+": (1, 2), "?": (0, 1)}.get(char, (1, 1))
        if char in {"*", "+", "?"}:
            self._at += 1
        elif char == "{" and "}" in self._pattern[self._at :]:
            end = self._pattern.index("}", self._at)
            least, _, most = self._pattern[self._at + 1 : end].partition(",")
            if least.isdecimal():
                self._at = end + 1
                bounds = (int(least), int(most) if most.isdecimal() else int(least) + 1)
        if self._next() == "?" and char in {"*", "+", "?", "{"}:
            self._at += 1
        return bounds

    def _next(self) -> str:
        return self._pattern[self._at : self._at + 1]
