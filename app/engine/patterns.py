"""Regular expressions that cannot stall a decision."""

from typing import Any

import re2  # type: ignore[import-untyped]  # google-re2 ships no types

from app.engine.places import Check, Place

MEMORY_BYTES = 256 * 1024
LARGEST_PROGRAM = 1_500
LONGEST_TEXT = 2_048


def pattern(operand: object, place: Place, *, ignore_case: bool) -> Check:
    r"""Compile a search for an RE2 pattern anywhere in a string; anything but a string never holds.

    RE2 takes time linear in text times pattern, so both are bounded: only the first 2,048 characters of a
    text are searched, and a pattern may compile to 1,500 instructions (`\p{L}+` takes 1,201). The worst pair
    found so takes 20 ms, an ordinary one 1 µs.
    """
    if type(operand) is not str:
        return place.refuse("must be a regular expression in a string")
    try:
        compiled = re2.compile(_utf8(operand), _options(ignore_case=ignore_case))
    except re2.error as error:
        return place.refuse(f"must be a valid RE2 pattern: {error.args[0].decode(errors='replace')}")
    if compiled.programsize > LARGEST_PROGRAM:
        return place.refuse("must be a smaller pattern: this one repeats or lists too much")
    search = compiled.search

    def holds(value: Any, _now: object) -> bool:
        return type(value) is str and search(_utf8(value[:LONGEST_TEXT])) is not None

    return holds


def _utf8(text: str) -> bytes:
    # JSON can hold a lone surrogate, which strict encoding raises for; to RE2 it is a character like others.
    return text.encode("utf-8", "surrogatepass")


def _options(*, ignore_case: bool) -> Any:
    options = re2.Options()
    options.max_mem = MEMORY_BYTES
    options.case_sensitive = not ignore_case
    options.never_capture = True
    options.log_errors = False
    return options
