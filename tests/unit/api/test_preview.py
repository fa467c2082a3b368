"""`/decide` by a preview link: whatever is wrong with it, the page gets its decision."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from app.engine.forced import NOTHING_FORCED, Forced
from app.web.preview_token import PreviewLink, sign
from tests.builders import DAY, NOW, delivering, experiment, journey, rule, ruleset, segment
from tests.unit.api.edge import PREVIEW_SECRET, PUBLIC, SECRET, SITE, Edge, live_site

SHOP: dict[str, Any] = {
    "segments": [segment("viewed", {"events.page_viewed.count": {"$gte": 1}})],
    "journeys": [journey("new", {"key": "known", "when": {"traits.known": True}})],
    "experiments": [experiment()],
    "rules": [
        rule("viewer", priority=900, audience={"segments": ["viewed"]}),
        rule("evening", priority=800, audience={"condition": {"context.hour": 21}}),
        delivering("hero-copy"),
    ],
}
ARM = Forced(arms={"hero-copy": "treatment"})
LINK = PreviewLink(expires_at=NOW + DAY, revision=1)
BROKEN = [
    "",
    "x" * 5_000,
    sign(LINK, "another site's"),
    sign(msgspec.structs.replace(LINK, expires_at=NOW), PREVIEW_SECRET),
    sign(msgspec.structs.replace(LINK, revision=2), PREVIEW_SECRET),
    sign(msgspec.structs.replace(LINK, revision=None), PREVIEW_SECRET),
]


@pytest.fixture
def edge() -> Edge:
    return Edge(ruleset(**SHOP))


def token(forced: Forced = NOTHING_FORCED, **fields: Any) -> str:
    """Sign a link to the revision in force."""
    return sign(msgspec.structs.replace(LINK, forced=forced, **fields), PREVIEW_SECRET)


async def told(edge: Edge, key: str = PUBLIC, **body: Any) -> dict[str, Any]:
    answer = await edge.decide(key, **body)
    assert answer.status == 200
    told: dict[str, Any] = answer.json()
    return told


async def test_a_page_sees_what_is_forced(edge: Edge) -> None:
    body = await told(edge, preview=token(ARM))

    assert body["placements"]["home.hero"] == {
        "variant": "offer",
        "content": {"title": "offer"},
        "reason": "preview",
        "rule": "hero-copy-rule",
        "experiment": "hero-copy",
        "arm": "treatment",
    }
    assert (body["revision"], body["assignments"], body["degraded"]) == (1, [], [])
    assert (edge.journal.records, edge.profiles.writes) == ([], [])


async def test_what_is_not_forced_is_as_it_ever_is(edge: Edge) -> None:
    usual, previewed = await told(edge, visitor={"id": "v-2"}), await told(edge, preview=token())

    assert previewed["placements"]["home.hero"]["reason"] == "experiment"
    assert usual["placements"].keys() == previewed["placements"].keys()


async def test_a_forced_stage_and_segment_are_told_of_the_visitor(edge: Edge) -> None:
    forced = Forced(stages={"purchase": "known"}, segments={"viewed": True})

    body = await told(edge, preview=token(forced))

    assert body["visitor"]["stage"] == "known"
    assert body["visitor"]["segments"] == ["viewed"]
    assert body["placements"]["home.hero"]["rule"] == "viewer"


async def test_a_page_sees_only_what_the_site_exposes() -> None:
    edge = Edge(ruleset(site={"expose": []}, **SHOP))
    forced = Forced(segments={"viewed": True})

    assert (await told(edge, preview=token(forced)))["visitor"]["segments"] == []
    assert (await told(edge, SECRET, preview=token(forced)))["visitor"]["segments"] == ["viewed"]


async def test_a_forced_instant_is_when_it_is_decided(edge: Edge) -> None:
    evening = NOW.replace(hour=21)

    body = await told(edge, preview=token(at=evening))

    assert body["placements"]["home.hero"]["rule"] == "evening"
    # It goes before what a server says.
    assert await told(edge, SECRET, preview=token(at=evening), at=NOW.isoformat()) != body
    assert (await told(edge, preview=token()))["placements"]["home.hero"]["rule"] == "hero-copy-rule"


@pytest.mark.parametrize("years", [-20, 20])
async def test_events_are_as_old_as_they_are_whenever_it_is_decided(edge: Edge, years: int) -> None:
    events = [{"name": "page_viewed", "at": (NOW - DAY).isoformat()}, {"name": "page_viewed"}]

    body = await told(edge, preview=token(at=NOW + years * 365 * DAY), events=events)

    assert body["visitor"]["segments"] == ["viewed"]


async def test_a_server_is_told_why(edge: Edge) -> None:
    forced = await told(edge, SECRET, explain=True, preview=token(ARM))
    plain = await told(edge, SECRET, explain=True, preview=token())
    broken = await told(edge, SECRET, explain=True, preview="broken")

    for body in (forced, plain):
        trace = body["placements"]["home.hero"]["trace"]
        assert [one["lacked"] for one in trace] == [["segment"], ["condition"], []]
    assert broken["placements"]["home.hero"]["trace"][-1]["lacked"] == ["logging"]
    assert "trace" not in (await told(edge, explain=True, preview=token(ARM)))["placements"]["home.hero"]


@pytest.mark.parametrize("broken", BROKEN, ids=range(len(BROKEN)))
async def test_by_a_link_that_does_not_hold_a_page_goes_on_unlogged(edge: Edge, broken: str) -> None:
    body = await told(edge, preview=broken, events=[{"name": "page_viewed"}])

    assert (body["revision"], body["degraded"]) == (1, ["preview"])
    assert body["placements"]["home.hero"]["rule"] == "viewer"
    assert (edge.journal.records, edge.profiles.writes) == ([], [])


async def test_a_link_whose_site_has_no_secret_does_not_hold(edge: Edge) -> None:
    edge.live.replace({SITE: msgspec.structs.replace(live_site(ruleset(**SHOP)), preview_secret=None)})

    assert (await told(edge, preview=token(ARM)))["degraded"] == ["preview"]


async def test_a_link_does_not_hold_any_longer_once_another_secret_is_in_force(edge: Edge) -> None:
    edge.live.replace({SITE: msgspec.structs.replace(live_site(ruleset(**SHOP)), preview_secret="new")})

    assert (await told(edge, preview=token(ARM)))["degraded"] == ["preview"]


async def test_what_the_ruleset_no_longer_knows_is_left_out_and_said(edge: Edge) -> None:
    forced = Forced(arms={**ARM.arms, "gone": "a"})

    body = await told(edge, preview=token(forced))

    assert (body["degraded"], body["placements"]["home.hero"]["arm"]) == (["preview"], "treatment")


async def test_a_user_without_a_proof_is_said_too(edge: Edge) -> None:
    body = await told(edge, preview=token(ARM), visitor={"id": "v-1", "user_id": "u-1"})

    assert body["degraded"] == ["identity"]


async def test_what_decide_refuses_it_refuses_here_too(edge: Edge) -> None:
    assert (await edge.decide(preview=token(), at=NOW.isoformat())).status == 403
    assert (await edge.decide(preview=7)).pointers == ["/preview"]
    old = [{"name": "x", "at": (NOW - timedelta(days=91)).isoformat()}]
    assert (await edge.decide(preview=token(at=NOW + DAY), events=old)).pointers == ["/events/0/at"]
