"""The kinds of values that stand in a configuration, each with its bounds."""

import re
from collections.abc import Collection
from decimal import Decimal
from functools import partial
from typing import Annotated, Any

import msgspec
from pydantic import AfterValidator, Field, GetJsonSchemaHandler, StringConstraints
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError

from app.admin.strict_json import is_deeper
from app.admin.wording import refused
from app.engine.comparisons import comparisons_in
from app.engine.conditions import compile_condition
from app.engine.named import ROOTS, unknown_attribute
from app.engine.problems import Problem, Problems
from app.web.expected import KEY, LOCALE, ORIGIN, TIME_OF_DAY

JSON_LIMIT_BYTES = 64 * 2**10
DEEPEST_CONTENT = 64

# Texts and numbers, of which those with an exponent are told: of 1e308 PostgreSQL makes 309 digits.
_EXPONENTS = re.compile(r'"(?:[^"\\]+|\\.)*"|(-?[0-9.]+e-?[0-9]+)|[0-9.]+')
# Most contents have none, which is soon seen.
_PERHAPS = re.compile(rb"[0-9]e-?[0-9]")


def _small(value: Any) -> Any:
    written = msgspec.json.encode(value)
    if len(written) > JSON_LIMIT_BYTES or len(written) + _left_out(written) > JSON_LIMIT_BYTES:
        raise PydanticCustomError("too_large", "is larger than 64 KiB as JSON with its numbers in full")
    return value


def _left_out(written: bytes) -> int:
    """Tell how many bytes JSON saves by its exponents."""
    if not _PERHAPS.search(written):
        return 0
    numbers = filter(None, _EXPONENTS.findall(written.decode()))
    return sum(len(f"{Decimal(each):f}") - len(each) for each in numbers)


def _shallow(value: Any) -> Any:
    # Wherever it stands in a document, this leaves room around it: what was put alone can be put with all.
    if is_deeper(value, DEEPEST_CONTENT):
        raise PydanticCustomError("too_deep", f"is nested more than {DEEPEST_CONTENT} levels deep")
    return value


def _each_once(parts: list[Any]) -> list[Any]:
    """Refuse two of a list with the same key: neither could be asked for by it."""
    seen, doubled = set(), []
    for index, part in enumerate(parts):
        if part.key in seen:
            doubled.append(Problem(f"/{index}/key", f"there is another {part.key!r} in this list"))
        seen.add(part.key)
    if doubled:
        raise refused(doubled, "list")
    return parts


def _sound(condition: dict[str, Any], roots: Collection[str]) -> dict[str, Any]:
    """Refuse what can never be published; whether what it names exists is seen when that is done."""
    try:
        compile_condition(condition)
    except Problems as error:
        raise refused(error.problems, "Condition") from error
    strange = [asked for asked in comparisons_in(condition) if asked.path[0] not in roots]
    if strange:
        told = [Problem(asked.pointer, unknown_attribute(asked.path[0], roots)) for asked in strange]
        raise refused(told, "Condition")
    return condition


class NoOtherNames:
    """Lets the schema of an object say that names which are not like its pattern are wrong."""

    def __get_pydantic_json_schema__(
        self, core: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Close the schema of the object."""
        return {**handler(core), "additionalProperties": False}


# A leading `$` is for ours, such as `$holdout`.
Key = Annotated[str, StringConstraints(pattern=KEY)]
EventName = Annotated[str, StringConstraints(min_length=1, max_length=128)]
Label = Annotated[str, StringConstraints(max_length=128)]
Note = Annotated[str, StringConstraints(max_length=2_000)]
Salt = Annotated[str, StringConstraints(min_length=1, max_length=128)]
Origin = Annotated[str, StringConstraints(pattern=ORIGIN)]
Locale = Annotated[str, StringConstraints(pattern=LOCALE)]
TimeZone = Annotated[str, StringConstraints(min_length=1, max_length=64)]
TimeOfDay = Annotated[str, StringConstraints(pattern=TIME_OF_DAY)]
IdentitySecret = Annotated[str, StringConstraints(min_length=16, max_length=256)]
Weekday = Annotated[int, Field(ge=1, le=7)]
Percent = Annotated[float, Field(ge=0, le=100)]
Days = Annotated[float, Field(gt=0, le=36_500)]
EachOnce = AfterValidator(_each_once)
Content = Annotated[Any, AfterValidator(_small), AfterValidator(_shallow)]
Condition = Annotated[dict[str, Any], AfterValidator(_small), AfterValidator(partial(_sound, roots=ROOTS))]
# What a metric asks of an event.
EventCondition = Annotated[
    dict[str, Any], AfterValidator(_small), AfterValidator(partial(_sound, roots=("properties",)))
]
Keys = Annotated[list[Key], Field(max_length=200)]
