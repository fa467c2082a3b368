"""Where in a JSON document something is wrong, as JSON pointers (RFC 6901)."""

import re

import msgspec

# msgspec writes `$.rules[3].key`, and `[...]` for a value of an object whose names it does not know.
_PATH = re.compile(r" - at (?:`key` in )?`\$([^`]*)`$")
_STEP = re.compile(r"\.([^.\[]+)|\[(\d+)\]")
_MISSING = re.compile(r"Object missing required field `([^`]+)`")


def place_of(error: msgspec.ValidationError) -> tuple[str, str]:
    """Split a decoder's complaint into the JSON pointer of the place and what is wrong there.

    What is missing is named by the place where it should stand.
    """
    message, path = str(error), ""
    if found := _PATH.search(message):
        message, path = message[: found.start()], found[1].partition("[...]")[0]
    steps = [name or index for name, index in _STEP.findall(path)]
    if missing := _MISSING.fullmatch(message):
        steps, message = [*steps, missing[1]], "is required"
    return "".join(f"/{step}" for step in steps), message
