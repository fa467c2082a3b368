"""What a preview is told: a request as `/decide` takes it, and the visitor that it is made up for."""

from typing import Annotated, Any

from pydantic import Field

from app.admin.body import Body, Part
from app.admin.instant import At

Name = Annotated[str, Field(min_length=1, max_length=128)]
Short = Annotated[str, Field(max_length=256)]
Address = Annotated[str, Field(max_length=4_096)]


class SaidVisitor(Part):
    """Who asks; a new browser where nothing is said."""

    id: Name | None = None
    user_id: Name | None = None
    # As a page sends it. It is not looked at: a secret key proves enough.
    user_proof: str | None = None


class SaidContext(Part):
    """The context, as `/decide` takes it from a server."""

    url: Address | None = None
    referrer: Address | None = None
    locale: Short | None = None
    device: Short | None = None
    country: Short | None = None
    timezone: Short | None = None
    user_agent: Address | None = None
    ip: Short | None = None
    attributes: dict[str, Any] = Field(default_factory=dict)


class SaidEvent(Part):
    """Something that this request brings."""

    name: Name
    properties: dict[str, Any] = Field(default_factory=dict)
    id: Name | None = None
    at: At | None = None


class SaidConsent(Part):
    """What the visitor agrees to; the site's default where nothing is said."""

    personalization: bool | None = None
    analytics: bool | None = None


class MadeUpProfile(Part):
    """What shall be known of the visitor.

    `events` says by event name what conditions find there, under the names by which they ask. `arms` says in
    which arm of an experiment the visitor already is.
    """

    traits: dict[str, Any] = Field(default_factory=dict)
    events: dict[Name, Annotated[dict[str, Any], Field(max_length=200)]] = Field(
        default_factory=dict,
        max_length=200,
        examples=[{"order_completed": {"count": 2, "count_30d": 1, "sum_value": 120}}],
    )
    age_days: Annotated[float, Field(ge=0, le=3_650)] | None = None
    arms: dict[str, str] = Field(default_factory=dict, max_length=1_000)


class Preview(Body):
    """What is asked. `stage` is that of the primary journey; `stages` says it of any."""

    visitor: SaidVisitor = Field(default_factory=SaidVisitor)
    placements: Annotated[list[Name], Field(min_length=1, max_length=50)]
    context: SaidContext = Field(default_factory=SaidContext)
    profile: MadeUpProfile = Field(default_factory=MadeUpProfile)
    events: list[SaidEvent] = Field(default_factory=list, max_length=50)
    stage: str | None = None
    stages: dict[str, str] = Field(default_factory=dict, max_length=100)
    at: At | None = None
    consent: SaidConsent = Field(default_factory=SaidConsent)
    explain: bool = True
