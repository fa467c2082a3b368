"""Patterns that are plain texts, of which it is known what finding one says of another."""

import re

import msgspec

_PLAIN = re.compile(r"(\^?)((?:[A-Za-z0-9/_ =&%@!,;:'\"<>#~-]|\\[-/.?+*^$|()\[\]{}\\])*)(\$?)", re.ASCII)


class Plain(msgspec.Struct, frozen=True):
    """A text to be found: anywhere, or where another `starts` or `ends`; with `fold`, in whatever case."""

    text: str
    starts: bool
    ends: bool
    fold: bool

    @property
    def is_whole(self) -> bool:
        """Whether only the text itself will do."""
        return self.starts and self.ends

    def implies(self, other: "Plain") -> bool:
        """Whether all in which this is found have the other one too."""
        if self.fold and not other.fold and other.text.lower() != other.text.upper():
            return False
        return _found(other, self, *_compared(self, other))

    def excludes(self, other: "Plain") -> bool:
        """Whether no text has both."""
        one, two = _compared(self, other)
        return (
            (self.starts and other.starts and not (one.startswith(two) or two.startswith(one)))
            or (self.ends and other.ends and not (one.endswith(two) or two.endswith(one)))
            or (self.is_whole and not _found(other, self, one, two))
            or (other.is_whole and not _found(self, other, two, one))
        )


def plain_in(operator: str, pattern: str) -> Plain | None:
    """Read a pattern that is a plain text, perhaps with `^` or `$`; None for any other."""
    found = _PLAIN.fullmatch(pattern)
    if found is None:
        return None
    return Plain(re.sub(r"\\(.)", r"\1", found[2]), bool(found[1]), bool(found[3]), operator == "$regexi")


def _compared(one: Plain, other: Plain) -> tuple[str, str]:
    fold = one.fold or other.fold
    return (one.text.lower(), other.text.lower()) if fold else (one.text, other.text)


def _found(sought: Plain, given: Plain, text: str, wanted: str) -> bool:
    """Whether what is sought is surely found where something is given; the texts are as they compare."""
    if sought.is_whole:
        return given.is_whole and text == wanted
    if sought.starts:
        return given.starts and text.startswith(wanted)
    if sought.ends:
        return given.ends and text.endswith(wanted)
    return wanted in text
