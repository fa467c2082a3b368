"""Robots, and pages that are fetched ahead, get content and start no assignment."""

import pytest

from app.engine.records import Assignment, Inputs
from app.engine.ruleset import Ruleset
from tests.builders import delivering, experiment, rule, ruleset, segment
from tests.serving import BROWSER
from tests.unit.api.edge import PUBLIC, SECRET, Edge

ROBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"


def with_a_test() -> Ruleset:
    return ruleset(experiments=[experiment()], rules=[delivering("hero-copy")])


async def arms(edge: Edge, key: str = PUBLIC, headers: dict[str, str] | None = None, **context: str) -> int:
    answer = await edge.decide(key, headers, context=context)
    assert answer.status == 200
    assert answer.json()["placements"]["home.hero"]["content"] is not None
    return len(answer.json()["assignments"])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Sec-Purpose", "prefetch"),
        ("Sec-Purpose", "prefetch;prerender"),
        ("Sec-Purpose", "Prerender"),
        ("Purpose", "prefetch"),
        ("X-Moz", "prefetch"),
    ],
)
async def test_a_page_that_is_fetched_ahead_starts_none(name: str, value: str) -> None:
    edge = Edge(with_a_test())

    assert await arms(edge, headers={name: value}) == 0
    assert edge.journal.records == []


@pytest.mark.parametrize(("name", "value"), [("Sec-Purpose", "garbage"), ("Purpose", ""), ("X-Moz", "\xff")])
async def test_another_purpose_is_none_of_ours(name: str, value: str) -> None:
    assert await arms(Edge(with_a_test()), headers={name: value}) == 1


async def test_a_robot_starts_none() -> None:
    edge = Edge(with_a_test())

    assert await arms(edge, headers={"User-Agent": ROBOT}) == 0
    assert edge.journal.records == []


@pytest.mark.parametrize("headers", [{}, {"User-Agent": BROWSER}, {"User-Agent": ""}])
async def test_a_browser_starts_one(headers: dict[str, str]) -> None:
    assert await arms(Edge(with_a_test()), headers=headers) == 1


async def test_a_server_is_no_robot_but_its_visitor_may_be_one() -> None:
    headers = {"User-Agent": "python-requests/2.32"}

    assert await arms(Edge(with_a_test()), SECRET, headers) == 1
    assert await arms(Edge(with_a_test()), SECRET, headers, user_agent=ROBOT) == 0


async def test_a_user_agent_in_the_body_counts_before_the_header() -> None:
    assert await arms(Edge(with_a_test()), headers={"User-Agent": ROBOT}, user_agent=BROWSER) == 1
    assert await arms(Edge(with_a_test()), headers={"User-Agent": BROWSER}, user_agent=ROBOT) == 0


async def test_an_arm_that_is_known_is_kept() -> None:
    edge = Edge(with_a_test())
    first = (await edge.decide()).json()["placements"]["home.hero"]

    again = (await edge.decide(headers={"Sec-Purpose": "prefetch"})).json()

    assert again["placements"]["home.hero"] == first
    assert again["assignments"] == []
    assert [type(record) for record in edge.journal.records] == [Assignment, Inputs]


async def test_what_headers_say_can_be_asked_for() -> None:
    phones = segment("phones", {"context.device": "mobile", "context.os": "ios", "context.bot": False})
    edge = Edge(ruleset(segments=[phones], rules=[rule("offer", audience={"segments": ["phones"]})]))
    phone = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_6 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148"

    answers = [await edge.decide(headers={"User-Agent": said}) for said in (phone, BROWSER)]

    assert [answer.json()["visitor"]["segments"] for answer in answers] == [["phones"], []]
