"""The bodies that resources are changed with: merge patches (RFC 7396) of parts of the draft."""

from collections.abc import Iterator
from functools import cache, reduce
from operator import or_
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, Field, SkipValidation, ValidationError, create_model
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from app.admin.body import Body, Part
from app.admin.strict_json import Location
from app.admin.wording import said_of

_PATCHED = "A merge patch (RFC 7396): what is left out stays as it is."
_TOLD = "The new value: an object is merged with what is there, and null takes away what is there."


def merge_patch(part: type[Part]) -> type[Body]:
    """Make the body that is a merge patch of such a part: any of its fields.

    Of what kind a value must be is told here and not looked at: the whole that it becomes a part of is. Of
    what is to be taken away nothing gets there, so that its names are looked at here.
    """

    class Named(Body):
        @classmethod
        def wrong_in(cls, given: object) -> Iterator[tuple[Location, str]]:
            return _astray(part, given)

    fields: dict[str, Any] = {
        name: (
            Annotated[_new_value(field), SkipValidation],
            Field(default_factory=NoneType, description=_TOLD),
        )
        for name, field in part.model_fields.items()
    }
    return create_model(f"{part.__name__}Patch", __base__=Named, __doc__=_PATCHED, **fields)


def _astray(part: type[Part], given: object) -> Iterator[tuple[Location, str]]:
    """Find the nulls within fields of a patch that could take nothing away, whatever is there."""
    changes = _changes_of(part)
    try:
        changes.model_validate(given)
    except ValidationError as error:
        found = error.errors(include_url=False)
        yield from said_of(changes, filter(_is_null_within, found))


def _is_null_within(detail: ErrorDetails) -> bool:
    return detail["type"] == "extra_forbidden" and detail["input"] is None and len(detail["loc"]) > 1


def _new_value(field: FieldInfo) -> Any:
    merged = _merged(field.rebuild_annotation())
    return merged if field.is_required() else merged | None


def _merged(kind: Any) -> Any:
    """Turn a type of values into that of what is merged into them; a list is replaced as a whole."""
    inner = get_args(kind)
    match get_origin(kind):
        case None if isinstance(kind, type) and issubclass(kind, BaseModel):
            return _changes_of(kind)
        case origin if origin is Annotated:
            return kind.copy_with((_merged(inner[0]),))
        case origin if origin is Union or origin is UnionType:
            return reduce(or_, map(_merged, inner))
        case origin if origin is dict:
            return origin[inner[0], _merged(inner[1]) | None]
    return kind


@cache
def _changes_of(part: type[BaseModel]) -> type[BaseModel]:
    fields: dict[str, Any] = {
        name: (_new_value(field), Field(default_factory=NoneType, alias=field.alias))
        for name, field in part.model_fields.items()
    }
    return create_model(f"{part.__name__}Changes", __base__=Part, __doc__=part.__doc__, **fields)
