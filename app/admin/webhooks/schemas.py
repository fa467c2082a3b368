"""What is said of webhooks, and what is answered of them and of what was sent to them."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from app.admin.announce import EventName
from app.admin.body import Body

Url = Annotated[str, Field(min_length=1, max_length=2_048, examples=["https://shop.example/hooks"])]
Events = Annotated[list[EventName], Field(min_length=1, max_length=20, examples=[["revision.published"]])]


class WebhookAdded(Body):
    """Who is to be told of what."""

    url: Url
    events: Events
    enabled: bool = True


class WebhookPatch(Body):
    """What is to be otherwise; what is left out, or null, stays."""

    url: Url | None = None
    events: Events | None = None
    enabled: bool | None = None


class Rotation(Body):
    """How long the secrets before the new one sign too."""

    overlap_s: Annotated[int, Field(ge=0, le=7 * 86_400)] = 86_400


class Webhook(BaseModel):
    """Who is told of what. `disabled_because` says why nothing is sent, where nobody asked for that."""

    id: UUID
    url: str
    events: list[str]
    enabled: bool
    disabled_because: str | None
    created_at: datetime
    updated_at: datetime


class NewWebhook(Webhook):
    """A webhook just made, with the secret that nobody will see again."""

    secret: str


class Rotated(BaseModel):
    """The new secret, told this once; until `previous_until` each message is signed with the old ones too."""

    secret: str
    previous_until: datetime


class Delivery(BaseModel):
    """A message to a webhook; its id is the `webhook-id` of each attempt.

    `attempts` are those since it was first sent, or last asked to be sent again, and `response_code`,
    `answer` and `error` are of the latest. While it waits, `next_at` says when it is sent.
    """

    id: UUID
    event: str
    status: Literal["waiting", "delivered", "failed"]
    attempts: int
    response_code: int | None
    answer: str | None
    error: str | None
    body: dict[str, Any]
    created_at: datetime
    last_at: datetime | None
    next_at: datetime | None
