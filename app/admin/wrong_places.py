"""Everything wrong with a large body, found a part at a time."""

from collections.abc import Container, Iterable, Iterator
from copy import copy
from typing import Any, TypeAlias, get_args, get_origin

from pydantic import BaseModel, ValidationError, create_model
from pydantic_core import ErrorDetails

from app.admin.body import Body, Part, nuls_in
from app.admin.strict_json import Location
from app.admin.wording import said_of
from app.kit.steps import Steps

Found: TypeAlias = list[tuple[Location, str]]


class WrongPlaces:
    """Finds what a model would say of a body, word for word and in the same order."""

    def __init__(self, model: type[Body]) -> None:
        self._model = model
        self._parts = {field: _part_of(model, field) for field in model.model_fields}
        self._without_parts = _without(model, [field for field, part in self._parts.items() if part])

    def finding(self, given: Any) -> Steps[Found]:
        """Look at each element of each list of parts in a step of its own."""
        if not isinstance(given, dict):
            return said_of(self._model, _errors(self._model, given))
        found = yield from _nuls(given)
        found += self._model.wrong_in(given)
        yield
        return found + said_of(self._model, (yield from self._wrong(given)))

    def _wrong(self, given: dict[str, Any]) -> Steps[list[ErrorDetails]]:
        wrong: list[ErrorDetails] = []
        at_top = _errors(self._without_parts, given)
        for field, part in self._parts.items():
            mine = [error for error in at_top if error["loc"][0] == field]
            wrong += mine
            if part is not None and not mine:
                wrong += yield from _wrong_parts(part, field, given.get(field, ()))
        return wrong + [error for error in at_top if error["loc"][0] not in self._parts]


def _wrong_parts(part: type[Part], field: str, given: Iterable[Any]) -> Steps[list[ErrorDetails]]:
    wrong: list[ErrorDetails] = []
    for index, value in enumerate(given):
        wrong += [{**error, "loc": (field, index, *error["loc"])} for error in _errors(part, value)]
        yield
    return wrong


def _nuls(given: dict[str, Any]) -> Steps[Found]:
    found: Found = []
    for field, value in given.items():
        found += nuls_in(field, (field,))
        for at, each in _places(field, value):
            found += nuls_in(each, at)
            yield
    return found


def _places(field: str, value: Any) -> Iterator[tuple[Location, Any]]:
    if isinstance(value, list):
        yield from (((field, index), each) for index, each in enumerate(value))
    else:
        yield (field,), value


def _without(model: type[Body], lists: Container[str]) -> type[BaseModel]:
    """Make the model that looks at no element of some of its lists."""
    fields: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        plain = copy(field)
        if name in lists:
            plain.annotation = list[Any]
        fields[name] = (plain.annotation, plain)
    return create_model(model.__name__, __base__=Part, **fields)


def _part_of(model: type[Body], field: str) -> type[Part] | None:
    """Tell what a list of parts consists of; None where the field is none."""
    annotation = model.model_fields[field].annotation
    inner = get_args(annotation)[0] if get_origin(annotation) is list else None
    return inner if isinstance(inner, type) and issubclass(inner, Part) else None


def _errors(model: type[BaseModel], given: Any) -> list[ErrorDetails]:
    try:
        model.model_validate(given)
    except ValidationError as error:
        return error.errors(include_url=False)
    return []
