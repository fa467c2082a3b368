"""The bodies that resources come in: a part of the draft by itself, each whole."""

from typing import Annotated, Any, cast

from pydantic import Field, ValidationError, create_model

from app.admin.body import Body, Part
from app.admin.fields import Key
from app.engine.problems import Problem
from app.web.problem_handlers import pointer_of
from app.web.problems import WrongContentError


def whole(part: type[Part]) -> type[Body]:
    """Make the body that is one such part."""
    made = create_model(f"New{part.__name__}", __base__=(part, Body), __doc__=part.__doc__)
    return cast("type[Body]", made)


def named_by_path(part: type[Part]) -> type[Body]:
    """Make the body that is one such part, whose key may be left to the path."""
    key = Annotated[Key | None, Field(description="As in the path; it may be left out.")]
    return create_model(f"Put{part.__name__}", __base__=whole(part), __doc__=part.__doc__, key=(key, None))


def read_as(kind: type[Body], document: dict[str, Any]) -> Body:
    """Hold a document to the bounds of its kind; raises WrongContentError with everything wrong in it."""
    try:
        return kind.model_validate(document)
    except ValidationError as error:
        places = [Problem(pointer_of(("body", *each["loc"])), each["msg"]) for each in error.errors()]
        raise WrongContentError(places) from error
