"""The parameters that a route reads from the query; any other was meant to do something, and would not."""

from collections.abc import Iterator, Sequence

from fastapi import Request
from fastapi.dependencies.models import Dependant
from pydantic import BaseModel

from app.engine.problems import Problem, did_you_mean, shown
from app.web.problems import WrongContentError


def query_names_of(dependant: Dependant) -> tuple[str, ...]:
    """List what a route and all that it depends on take from the query."""
    return tuple(dict.fromkeys(_names_in(dependant)))


def refuse_unknown(request: Request, known: Sequence[str]) -> None:
    """See that the query has nothing but what is known; raises WrongContentError."""
    unknown = [name for name in request.query_params if name not in known]
    if unknown:
        raise WrongContentError(Problem(f"query:{name}", _told(name, known)) for name in unknown)


def _told(name: str, known: Sequence[str]) -> str:
    hint = did_you_mean(name, known) if known else "there are none here"
    return f"unknown parameter {shown(name)}; {hint}"


def _names_in(dependant: Dependant) -> Iterator[str]:
    for field in dependant.query_params:
        kind = field.field_info.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from (told.alias or name for name, told in kind.model_fields.items())
        else:
            yield field.alias
    for needed in dependant.dependencies:
        yield from _names_in(needed)
