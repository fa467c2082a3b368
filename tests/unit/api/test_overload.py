"""What a crowd is told that cannot be served in time."""

import asyncio

from app.kit.admission import Admission
from tests.unit.api.edge import SHOP, Edge
from tests.unit.kit.test_admission import Clock

BODY = b'{"visitor": {"id": "v-1"}, "placements": ["home.hero"]}'


def crowded() -> Edge:
    """An edge that has time for three at once."""
    edge = Edge()
    edge.app.admission = Admission(patience_s=0.01, crowd=2, clock=Clock(0.006))
    return edge


async def test_who_would_wait_too_long_is_told_at_once_when_to_come_again() -> None:
    edge = crowded()

    answers = await asyncio.gather(*(edge.post("/decide", BODY, headers={"Origin": SHOP}) for _ in range(5)))

    assert [answer.status for answer in answers] == [200, 200, 200, 503, 503]
    refused = answers[-1]
    assert refused.headers["retry-after"] == "1"
    assert refused.headers["access-control-allow-origin"] == SHOP
    assert "more ask at once" in refused.json()["detail"]
    assert edge.app.admission.refused == 2


async def test_as_soon_as_the_crowd_is_gone_everybody_is_served() -> None:
    edge = crowded()
    answers = await asyncio.gather(*(edge.post("/decide", BODY) for _ in range(5)))
    assert answers[-1].status == 503

    await asyncio.sleep(0)

    assert (await edge.post("/decide", BODY)).status == 200


async def test_events_that_nobody_has_time_for_are_not_kept() -> None:
    edge = crowded()

    answers = await asyncio.gather(*(edge.events({"name": "page_viewed"}) for _ in range(5)))

    assert [answer.status for answer in answers] == [202, 202, 202, 503, 503]
    assert len(edge.journal.records) == 3
