"""Who asks what: endless draws of requests, each with the check of its answer."""

import re
from collections.abc import Iterator
from functools import partial
from itertools import cycle

import msgspec

from app.admin.sites.service import NewSite
from loadtests.connection import Answer
from loadtests.speed.bare import CONSTANT
from loadtests.speed.pages import decide_body, events_body, request
from loadtests.speed.rounds import Ask
from loadtests.speed.shop import ORIGIN, PLACEMENTS
from loadtests.speed.visitors import visitor_id

# Who is asked for again and again, and who sends events; all who come after those are new to the process.
HOT, KNOWN = 4_096, 8_192


def constant(key: str) -> Iterator[Ask]:
    """Ask the bare app what the service is asked."""
    for number in cycle(range(HOT)):
        yield Ask(request("/decide", key, number, decide_body(number)), check_constant)


def decisions(site: NewSite, numbers: Iterator[int], placements: int = 3, events: int = 0) -> Iterator[Ask]:
    """Ask for decisions for these visitors."""
    for number in numbers:
        body = decide_body(number, placements, events=events)
        check = partial(check_decision, number=number, placements=placements)
        yield Ask(request("/decide", site.public_key, number, body), check)


def observations(site: NewSite, numbers: Iterator[int], events: int) -> Iterator[Ask]:
    """Send events of these visitors, so many at a time."""
    check = partial(check_events, events=events)
    for number in numbers:
        yield Ask(request("/events", site.public_key, number, events_body(number, events)), check)


def never_alike(asks: Iterator[Ask]) -> Iterator[Ask]:
    """Ask the same, each from another page, so that no two heads are alike."""
    for number, ask in enumerate(asks):
        page = b"Referer: %b/%d\r\n" % (ORIGIN.encode(), number)
        yield ask._replace(request=re.sub(rb"Referer: \S+\r\n", page, ask.request, count=1))


def hot() -> Iterator[int]:
    """Take turns among those who were asked for before."""
    return cycle(range(HOT))


def busy() -> Iterator[int]:
    """Take turns among those who were asked for before, and who do things; their profiles grow."""
    return cycle(range(HOT, KNOWN))


def mixed(fresh: Iterator[int], one_in: int) -> Iterator[int]:
    """Take one in so many of those who are new to this process, else one who is hot."""
    for place, number in enumerate(hot()):
        yield number if place % one_in else next(fresh)


def check_constant(answer: Answer) -> None:
    """Hold an answer of the bare app against what it always says."""
    if answer.status != 200 or answer.body != CONSTANT:
        raise ValueError(f"the bare app answered {answer}")


def check_decision(answer: Answer, number: int, placements: int) -> None:
    """Hold a decision against who asked for it: complete, from a revision, with everything at hand."""
    said = msgspec.json.decode(answer.body) if answer.status == 200 else {}
    wanted = [*PLACEMENTS[:placements]]
    if (
        said.get("visitor", {}).get("id") != visitor_id(number)
        or [*said["placements"]] != wanted
        or said["degraded"]
        or said["visitor"]["stage"] != "decision"
        or said["placements"][wanted[0]]["reason"] != "experiment"
    ):
        raise ValueError(f"visitor {number} was answered {answer}")


def check_events(answer: Answer, events: int) -> None:
    """Hold the answer to events against how many were sent."""
    said = msgspec.json.decode(answer.body) if answer.status == 202 else {}
    if (said.get("accepted"), said.get("duplicate")) != (events, 0):
        raise ValueError(f"{events} events were answered {answer}")
