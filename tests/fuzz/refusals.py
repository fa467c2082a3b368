"""Hooks of schemathesis: above all, which refusals of a request of the right form no schema can foresee."""

import json
import os
import re
import uuid
from collections.abc import Mapping
from typing import Any

import schemathesis
from schemathesis import Case, HookContext, Response, SerializationContext
from schemathesis.core.failures import Failure
from schemathesis.openapi.checks import RejectedPositiveData

from app.admin.config.write_yaml import writing
from app.kit.steps import finished

# The id of the key that asks: whoever revokes it, or takes its role away, finds out nothing more.
OWN_KEY = "SIGNPOST_FUZZ_KEY"
NOBODY = str(uuid.UUID(int=0))

_STATE = "what is there is not in the schema"
_OPAQUE = "only an answer gives these"
_EACH_OTHER = "one field stands against another; the descriptions of both say so"
_INSTANT = "JSON Schema has no bounds for instants"
_OF_THE_PATH = "the body must repeat the path"
_FREE = "JSON of any shape, whose every text would need a pattern of its own"
_LANGUAGE = "a condition is a language, with operators, paths and patterns"
_REACH = "what may be sent to is more than a pattern can say"
# By what `errors` says.
MESSAGES: Mapping[str, str] = {
    r"there is no (published )?(placement|experiment|journey|revision|segment|metric)": _STATE,
    r"was sent with another request before": _STATE,
    r"has come to phase": _STATE,
    r"(say what its mean is|say how many come)$": _STATE,
    r"units of .* have not done anything for .* yet": _STATE,
    r"(must be a URL|neither a user nor a fragment|must begin with https|is a private address)": _REACH,
    r"is no cursor": _OPAQUE,
    r"as in the path; a key never changes": _OF_THE_PATH,
    r"there is another .* in this list": "JSON Schema knows no keys of lists",
    r"says again what `expires_at` says": _EACH_OTHER,
    r"names all segments": _EACH_OTHER,
    r"(no number of units that anybody has|only a share between 0 and 1 says)": _EACH_OTHER,
    r"(a secret key needs a role|a public key has no role)": _EACH_OTHER,
    r"is required: whose events are these": _EACH_OTHER,
    r"is more than \d+ days ago": _INSTANT,
    r"must lie (ahead|in the future)": _INSTANT,
    r"must lie (in the years|between 1971)": _INSTANT,
    r"must not contain \\u0000": _FREE,
    r"the character U\+0000": _FREE,
}
# By where.
PLACES: Mapping[str, str] = {r"/(condition|when|stay|where)(/|$)": _LANGUAGE}
# What these look through is the draft, which holds whatever was put there: their pointers lead into it.
OF_THE_DRAFT = {
    "POST /api/v1/preview",
    "POST /api/v1/preview-links",
    "POST /api/v1/revisions",
    "POST /api/v1/revisions/impact",
}
_SECTIONS = ("placements", "segments", "journeys", "metrics", "exclusion_groups", "experiments", "rules")
IN_THE_DRAFT = re.compile(rf"^/({'|'.join((*_SECTIONS, 'site', 'holdout'))})(/|$)")


# By whichever of these names it is looked up.
@schemathesis.serializer("text/yaml", "application/yaml")
def as_yaml(_context: SerializationContext, value: Any) -> bytes:
    """Write YAML 1.2; of its own schemathesis writes 1.1, in which `08` is text."""
    return value if isinstance(value, bytes) else finished(writing(value))


@schemathesis.hook
def before_call(_context: HookContext, case: Case[Any], _kwargs: dict[str, Any]) -> None:
    """Keep the key that asks out of the game."""
    if case.path_parameters.get("key_id") == os.environ[OWN_KEY]:
        case.path_parameters["key_id"] = NOBODY


@schemathesis.hook
def filter_failure(_context: HookContext, failure: Failure, case: Case[Any], response: Response) -> bool:
    """Tell whether a failure is one."""
    if not isinstance(failure, RejectedPositiveData):
        return True
    if response.status_code in {412, 428}:
        # Only who has read a thing knows its ETag; and `required` the header is not, since without it things
        # are created.
        return not any(each.name == "if-match" for each in case.operation.iter_parameters())
    errors = json.loads(response.content).get("errors", ()) if response.status_code == 422 else ()
    return not errors or not all(_is_unforeseen(error["pointer"], error["message"], case) for error in errors)


def _is_unforeseen(pointer: str, message: str, case: Case[Any]) -> bool:
    name = f"{case.method} {case.path}"
    if any(re.search(pattern, message) for pattern in MESSAGES):
        return True
    if any(re.search(pattern, pointer) for pattern in PLACES):
        return True
    if case.method == "PATCH" and message == "is required":
        # What a merge lacks depends on what is there.
        return True
    # To JSON Schema 1.0 is an integer, to most who read JSON it is none.
    wants_integer = re.search(r"(must be an integer|the number of a revision)$", message) is not None
    is_float = wants_integer and isinstance(_at(pointer, case.body), float)
    return is_float or (name in OF_THE_DRAFT and IN_THE_DRAFT.match(pointer) is not None)


def _at(pointer: str, value: Any) -> Any:
    """Take what a JSON pointer leads to; None where there is nothing."""
    for step in pointer.split("/")[1:]:
        named = step.replace("~1", "/").replace("~0", "~")
        if isinstance(value, list):
            value = value[int(named)] if int(named) < len(value) else None
        else:
            value = value.get(named) if isinstance(value, dict) else None
    return value
