"""What a preview link is to show, and the link."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from app.admin.body import Body, Part
from app.admin.instant import At, Instant
from app.admin.strict_json import Location

DAY_S = 86_400
LONGEST_S = 30 * DAY_S

Name = Annotated[str, Field(min_length=1, max_length=128)]
Names = Annotated[list[Name], Field(max_length=200)]

_LAST_REVISION = 2**31 - 1
_ADDRESS = r"^https?://[^\s/?#@\\]+([/?#]\S*)?$"


def _revision(value: object) -> object:
    if value == "draft" or (type(value) is int and 1 <= value <= _LAST_REVISION):
        return value
    raise PydanticCustomError("revision", 'must be "draft" or the number of a revision')


Revision = Annotated[
    Annotated[int, Field(ge=1, le=_LAST_REVISION)] | Literal["draft"], BeforeValidator(_revision)
]


class ForcedSegments(Part):
    """In which segments the visitor is: in `add` too, not in `remove`; or in those of `only` alone."""

    add: Names = Field(default_factory=list)
    remove: Names = Field(default_factory=list)
    only: Names | None = None


_EXAMPLE: dict[str, Any] = {
    "revision": "draft",
    "arms": {"hero-copy": "treatment"},
    "stage": "consideration",
    "segments": {"add": ["returning"]},
    "at": "2026-11-27T09:00:00Z",
    "expires_in_s": 604_800,
    "url": "https://shop.example/bikes",
}


class PreviewLinkRequest(Body):
    """What the link shows. What is not forced stays as it is for whoever opens it.

    An arm is shown to its rule's audience, whatever the experiment's status, traffic and group. `$holdout`
    can be forced like an experiment; where anything else is, it counts as `personalized`. `stage` is that of
    the primary journey. `at` is the instant as of which is decided.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    revision: Revision = "draft"
    arms: dict[Name, Name] = Field(default_factory=dict, max_length=50)
    stage: Name | None = None
    stages: dict[Name, Name] = Field(default_factory=dict, max_length=50)
    segments: ForcedSegments = Field(default_factory=ForcedSegments)
    at: At | None = None
    expires_at: Instant | None = Field(None, description="At most 30 days from now.")
    expires_in_s: Annotated[int, Field(ge=1, le=LONGEST_S)] | None = Field(
        None, description="Instead of `expires_at`; a day where neither is said."
    )
    url: Annotated[str, Field(max_length=2_048, pattern=_ADDRESS)] | None = Field(
        None, description="The page to open; the answer has it with the token."
    )

    @classmethod
    def wrong_in(cls, given: object) -> Iterator[tuple[Location, str]]:
        """Find what contradicts itself."""
        if not isinstance(given, Mapping):
            return
        if given.get("expires_at") is not None and given.get("expires_in_s") is not None:
            yield ("expires_in_s",), "says again what `expires_at` says: send one of the two"
        segments = given.get("segments")
        if isinstance(segments, Mapping):
            yield from _wrong_in_segments(segments)


def _wrong_in_segments(segments: Mapping[str, Any]) -> Iterator[tuple[Location, str]]:
    add, remove = segments.get("add") or [], segments.get("remove") or []
    if segments.get("only") is not None and (add or remove):
        yield ("segments", "only"), "names all segments: send it without `add` and `remove`"
    if isinstance(add, list) and isinstance(remove, list):
        for position, segment in enumerate(remove):
            if segment in add:
                yield ("segments", "remove", position), "is in `add` too: a segment is in one of the two"


_SIGNED = "pv1.eyJ4IjoxNzY0ODM4ODAwMDAwfQ.yJt0mA4mP1sQy3pXc0oZ2w"
_LINK: dict[str, Any] = {
    "token": _SIGNED,
    "expires_at": "2026-12-04T09:00:00Z",
    "url": f"https://shop.example/bikes?signpost_preview={_SIGNED}",
}


class PreviewLinkAnswer(BaseModel):
    """A link. Its token is a secret: whoever has it sees what it shows, until it expires or is revoked."""

    model_config = ConfigDict(json_schema_extra={"examples": [_LINK]})

    token: str = Field(description="For the field `preview` of `/decide`.")
    expires_at: datetime
    url: str | None = Field(description="The page asked for, with `?signpost_preview=`.")
