"""Signing preview links, and ending them all."""

import secrets
from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from app.admin.audit import Entry, write_audit
from app.admin.forcible import forced_stages, refuse_unknown, refuse_unknown_segments
from app.admin.preview_links import repository
from app.admin.preview_links.schemas import (
    DAY_S,
    LONGEST_S,
    ForcedSegments,
    PreviewLinkAnswer,
    PreviewLinkRequest,
)
from app.engine.arms import HOLDOUT, PERSONALIZED
from app.engine.forced import NOTHING_FORCED, Forced
from app.engine.forcing import Forcible
from app.engine.places import Place
from app.engine.problems import Problem, Problems
from app.engine.ruleset import Ruleset
from app.rulesets.previewed import NoSuchRevision, PreviewedRulesets, PreviewsUnavailable
from app.web.keyring import Caller
from app.web.preview_token import LONGEST, PreviewLink, sign
from app.web.problems import ProblemError, UnavailableError, WrongContentError

PARAMETER = "signpost_preview"


async def make_link(
    connection: AsyncConnection,
    caller: Caller,
    previewed: PreviewedRulesets,
    asked: PreviewLinkRequest,
    now: datetime,
) -> PreviewLinkAnswer:
    """Sign a link that shows what is asked.

    Raises:
        WrongContentError: something forced is not known there, or the link would last too long.
        ProblemError: the draft or revision does not compile.

    """
    expires_at = _expiry(asked, now)
    revision = None if asked.revision == "draft" else asked.revision
    ruleset = await _ruleset(previewed, caller.site, revision, Forced(arms=asked.arms))
    forced = _forced(asked, ruleset)
    link = PreviewLink(expires_at=expires_at, revision=revision, at=asked.at, forced=forced)
    token = sign(link, await repository.get_secret(connection, caller.site))
    if len(token) > LONGEST:
        raise WrongContentError([Problem("", "forces more than fits into a link: name less")])
    told = asked.model_dump(mode="json", exclude_defaults=True) | {"expires_at": expires_at.isoformat()}
    await write_audit(connection, caller, [Entry("signed", "preview-links", after=told)])
    url = None if asked.url is None else with_token(asked.url, token)
    return PreviewLinkAnswer(token=token, expires_at=expires_at, url=url)


async def revoke_links(connection: AsyncConnection, caller: Caller) -> None:
    """End every link of the site: a process refuses them as soon as it hears of this."""
    await repository.replace_secret(connection, caller.site, secrets.token_urlsafe(32))
    await write_audit(connection, caller, [Entry("revoked", "preview-links")])


def with_token(url: str, token: str) -> str:
    """Put a token into the address of a page, in place of one that is there."""
    page, hash_, fragment = url.partition("#")
    page, _, query = page.partition("?")
    kept = [part for part in query.split("&") if part and part.partition("=")[0] != PARAMETER]
    return f"{page}?{'&'.join([*kept, f'{PARAMETER}={token}'])}{hash_}{fragment}"


def _expiry(asked: PreviewLinkRequest, now: datetime) -> datetime:
    if asked.expires_at is None:
        lasts_s = DAY_S if asked.expires_in_s is None else asked.expires_in_s
        return (now + timedelta(seconds=lasts_s)).replace(microsecond=0)
    if not timedelta(0) < asked.expires_at - now <= timedelta(seconds=LONGEST_S):
        wrong = Problem("/expires_at", "must lie ahead, by 30 days at most")
        raise WrongContentError([wrong])
    return asked.expires_at


async def _ruleset(previewed: PreviewedRulesets, site: int, revision: int | None, forced: Forced) -> Ruleset:
    try:
        return await previewed.find(site, revision, forced)
    except NoSuchRevision as error:
        raise WrongContentError([Problem("/revision", str(error))]) from error
    except Problems as error:
        named = "the draft" if revision is None else f"revision {revision}"
        told = f"{named} does not compile; `errors` names each place in it"
        raise ProblemError(422, told, errors=error.problems) from error
    except PreviewsUnavailable as error:
        raise UnavailableError("the database cannot be reached just now") from error


def _forced(asked: PreviewLinkRequest, ruleset: Ruleset) -> Forced:
    place, known = Place("", []), Forcible.of(ruleset)
    refuse_unknown("experiment", asked.arms, known.arms, place.at("arms"))
    for field in ("add", "remove", "only"):
        named = getattr(asked.segments, field) or ()
        refuse_unknown_segments(named, known.segments, place.at("segments").at(field))
    stages = forced_stages(asked.stage, asked.stages, ruleset, place)
    if place.problems:
        raise WrongContentError(place.problems)
    forced = Forced(
        stages=stages,
        segments=dict(_memberships(asked.segments)),
        only=asked.segments.only is not None,
        arms=asked.arms,
    )
    # A tester who happens to be held out shall see what the link is made to show.
    return forced if forced == NOTHING_FORCED else _personalized(forced)


def _personalized(forced: Forced) -> Forced:
    return Forced(
        stages=forced.stages,
        segments=forced.segments,
        only=forced.only,
        arms={HOLDOUT: PERSONALIZED, **forced.arms},
    )


def _memberships(segments: ForcedSegments) -> Iterator[tuple[str, bool]]:
    for is_in, named in ((True, segments.add), (False, segments.remove), (True, segments.only or ())):
        for segment in named:
            yield segment, is_in
