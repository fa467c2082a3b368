"""What is said to make and change keys, and what is told of them."""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Literal, get_args
from uuid import UUID

from pydantic import BaseModel, Field

from app.admin.body import Body
from app.admin.instant import At
from app.admin.strict_json import Location
from app.web.keyring import KeyKind

DAY_S = 86_400
OVERLAP_LIMIT_S = 30 * DAY_S


RoleName = Literal["viewer", "editor", "publisher", "admin"]
State = Literal["in_force", "expired", "revoked"]
# It stands in tables that people open: with a letter or digit first it is no formula there.
Name = Annotated[
    str,
    Field(
        min_length=1,
        max_length=100,
        pattern=r"^\w[^\x00-\x1f\x7f]*$",
        description="Who or what has the key; a letter or digit first.",
        examples=["CMS, production"],
    ),
]
Expiry = Annotated[
    At | None,
    Field(
        description="From this instant on the key is refused; null for never.",
        examples=["2027-01-01T00:00:00Z"],
    ),
]


class WantedKey(Body):
    """A key to be made."""

    kind: KeyKind = "secret"
    role: RoleName | None = Field(default=None, description="Of a secret key; a public one has none.")
    name: Name
    expires_at: Expiry = None

    @classmethod
    def wrong_in(cls, given: object) -> Iterator[tuple[Location, str]]:
        """Find a role where none belongs, and none where one does."""
        if not isinstance(given, dict):
            return
        is_public, role = given.get("kind") == "public", given.get("role")
        if is_public and role is not None:
            yield ("role",), "a public key has no role, it may only decide and send events: leave it out"
        if not is_public and role is None:
            yield ("role",), f"a secret key needs a role: {', '.join(get_args(RoleName))}"


class KeyPatch(Body):
    """What shall be another at a key; what is left out stays (RFC 7396)."""

    # Nothing falls back on these: only what was given is looked at.
    name: Name = Field(default_factory=str)
    role: RoleName = Field(default_factory=lambda: "viewer")
    expires_at: Expiry = None


class Rotation(Body):
    """How a key is rotated."""

    overlap_s: int = Field(
        default=DAY_S,
        ge=0,
        le=OVERLAP_LIMIT_S,
        description="For how many seconds from now the old key stays good, unless it expires before that.",
    )
    expires_at: Expiry = Field(
        default=None, description="When the new key expires; left out, when the old one would have."
    )


class Key(BaseModel):
    """What is told of a key: neither the key itself, which was told once, nor its hash."""

    id: UUID
    kind: KeyKind
    role: RoleName | None
    name: str
    state: State
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None = Field(description="To the minute, and some seconds late.")
    replaced_by: UUID | None = Field(description="The key that it was rotated to.")


class MadeKey(Key):
    """A key just made, and `key` itself, which is not kept: nobody can tell it again."""

    key: str
