"""What is said of wrong places in a body: what would be right there, as far as it can be known."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails, InitErrorDetails, PydanticCustomError

from app.admin.strict_json import Location
from app.engine.problems import Problem, did_you_mean, shown
from app.web.expected import expected

# To compare a name with all that are known takes a while, so only the first unknown ones are compared.
_HINTS = 20


def detail_of(place: Location, message: str) -> InitErrorDetails:
    """Make one detail of a ValidationError that says just this."""
    return InitErrorDetails(
        type=PydanticCustomError("wrong", "{message}", {"message": message}), loc=place, input=None
    )


def refused(problems: Sequence[Problem], title: str) -> ValidationError:
    """Make the error of a validator that has found problems below the value it was given."""
    return ValidationError.from_exception_data(
        title, [detail_of(location_of(problem.pointer), problem.message) for problem in problems]
    )


def location_of(pointer: str) -> Location:
    """Take a JSON pointer apart."""
    return tuple(step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:])


def said_of(kind: type[BaseModel], details: Iterable[ErrorDetails]) -> list[tuple[Location, str]]:
    """Say what is wrong at each place of a value of a kind."""
    return [
        (_place_of(detail), worded(kind, detail) if place < _HINTS else _plainly(detail))
        for place, detail in enumerate(details)
    ]


def _place_of(detail: ErrorDetails) -> Location:
    """Name the place; of a wrong name in an object, that of what is named so."""
    place = detail["loc"]
    # The name is the input then, which not every list of errors holds.
    is_name = place[-1:] == ("[key]",) and detail.get("input", place[-2]) == place[-2]
    return place[:-1] if is_name else place


def worded(kind: type[BaseModel], detail: ErrorDetails) -> str:
    """Say what is wrong with a value of a kind; of an unknown field, which one may have been meant."""
    if detail["type"] != "extra_forbidden":
        return expected(detail)
    *way, name = detail["loc"]
    fields = _fields_at(kind, way)
    hint = f"; {did_you_mean(str(name), fields)}" if fields else ""
    return f"unknown field {shown(str(name))}{hint}"


def _plainly(detail: ErrorDetails) -> str:
    return "unknown field" if detail["type"] == "extra_forbidden" else expected(detail)


def _fields_at(kind: Any, way: Sequence[str | int]) -> tuple[str, ...]:
    """List the fields of the model that stands at the end of a way."""
    for step in way:
        kind = _model_of(_below(kind, step))
    return tuple(_names_of(kind)) if kind is not None else ()


def _below(kind: type[BaseModel] | None, step: str | int) -> Any:
    if kind is None or isinstance(step, int):
        return kind
    return _names_of(kind).get(step, kind)


def _names_of(kind: type[BaseModel]) -> Mapping[str, Any]:
    return {field.alias or name: field.annotation for name, field in kind.model_fields.items()}


def _model_of(annotation: Any) -> type[BaseModel] | None:
    return next(_models_in(annotation), None)


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """Find the models in an annotation, be they in a list, optional or both."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    elif get_origin(annotation) is not None:
        for inner in get_args(annotation):
            yield from _models_in(inner)
