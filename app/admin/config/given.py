"""A configuration as it is sent: JSON or YAML, read and checked while decisions go on."""

from collections.abc import AsyncIterator
from contextlib import nullcontext
from typing import Annotated, Any

import msgspec
from fastapi import Depends, Request

from app.admin.config.read_yaml import YamlError, reading
from app.admin.config.schemas import ConfigDocument
from app.admin.draft import let_go
from app.admin.identity_secret import FIELD, without_secret
from app.admin.route import BODY_LIMIT_BYTES, content_of, is_json, media_type_of
from app.admin.strict_json import bounding, decoding
from app.admin.wrong_places import WrongPlaces
from app.engine.problems import Problem
from app.kit.collector import no_full_collections
from app.kit.slices import in_slices
from app.kit.steps import Steps, each
from app.web.problem_handlers import pointer_of
from app.web.problems import ProblemError, WrongContentError

JSON = "application/json"
YAML = "application/yaml"
# The last three are older names of it (RFC 9512).
_YAML_TYPES = (YAML, "application/x-yaml", "text/yaml", "text/x-yaml")
KINDS = (JSON, *_YAML_TYPES)
# What is smaller makes no garbage that anybody would notice.
_LARGE_BYTES = 2**17
_WRONG = WrongPlaces(ConfigDocument)


class Given(msgspec.Struct, frozen=True):
    """A sound document, and the secret that was in it and is no part of any draft."""

    document: dict[str, Any]
    secret: str | None


async def _given(request: Request) -> AsyncIterator[Given]:
    """Read the body; when the route has returned, it is let go.

    Raises:
        ProblemError: it cannot be read.
        WrongContentError: everything that is wrong with it.

    """
    is_yaml = _is_yaml(media_type_of(request))
    content = await content_of(request)
    with no_full_collections() if len(content) > _LARGE_BYTES else nullcontext():
        document = await in_slices(_reading_yaml(content) if is_yaml else decoding(content))
        del content
        try:
            await in_slices(checking(document))
            yield given_of(document)
        finally:
            if isinstance(document, dict):
                await let_go(document)


# "function": what is read here is let go before the answer is sent.
GivenConfig = Annotated[Given, Depends(_given, scope="function")]


def checking(document: Any) -> Steps[None]:
    """See that a document is a configuration, a resource at a time; raises WrongContentError."""
    found = yield from _WRONG.finding(document)
    if found:
        raise WrongContentError((yield from each(_problem, found)))


def _problem(wrong: tuple[tuple[str | int, ...], str]) -> Problem:
    return Problem(pointer_of(("body", *wrong[0])), wrong[1])


def _is_yaml(media_type: str) -> bool:
    if media_type in _YAML_TYPES or (media_type.startswith("application/") and media_type.endswith("+yaml")):
        return True
    if is_json(media_type):
        return False
    raise ProblemError(415, f"the body must be JSON or YAML: Content-Type: {JSON} or {YAML}")


def _reading_yaml(content: bytes) -> Steps[Any]:
    try:
        document = yield from reading(content, limit=BODY_LIMIT_BYTES)
    except YamlError as error:
        raise ProblemError(400, f"the body cannot be read as YAML: {error}") from error
    yield from bounding(document)
    return document


def given_of(document: dict[str, Any]) -> Given:
    """Part what is drafted from the secret, which is in force at once."""
    if "site" not in document:
        return Given(document, None)
    site = document["site"]
    return Given({**document, "site": without_secret(site)}, site.get(FIELD))
