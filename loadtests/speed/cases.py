"""What the gate asks, and of whom: every case on the service's own protocol and on plain ASGI."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import uvicorn

from loadtests.speed.asking import busy, constant, decisions, hot, mixed, never_alike, observations
from loadtests.speed.bare import bare
from loadtests.speed.host import Host
from loadtests.speed.rounds import REQUESTS, Ask, Variant
from loadtests.speed.wire import Lines

FEW, RULES, MANY = 10, 1_000, 10_000
SIZES = (FEW, RULES, MANY)
OWN, PLAIN = "own protocol", "plain ASGI"
BATCH = 100
# How many rounds' worth of visitors are asked for the first time in one round, on both protocols.
FRESH = 2.2


class Case(NamedTuple):
    """What was asked, how the service was served, and on how many connections at once."""

    asked: str
    served: str
    at_once: int

    def __str__(self) -> str:
        return f"{self.asked}, {self.served}, {self.at_once} at once"


def bare_config() -> uvicorn.Config:
    """Serve the bare app on uvicorn's own protocol."""
    return uvicorn.Config(bare, http="httptools", lifespan="off", access_log=False, server_header=False)


def variants(
    hosts: Mapping[str, Host], fresh: Iterator[int], at_once: int, *, in_full: bool
) -> Iterator[Variant]:
    """List what is measured on so many connections; `hosts` go by how their journal is kept."""
    host, site = hosts["process"], hosts["process"].sites[RULES]
    drawn = constant(site.public_key)
    yield Variant(Case("bare", PLAIN, at_once), Lines(bare_config(), at_once), drawn)
    for served in (OWN, PLAIN):
        lines = Lines(host.configured(plain=served == PLAIN), at_once)
        yield Variant(Case("hot", served, at_once), lines, decisions(site, hot()))
        yield Variant(Case("from Valkey", served, at_once), lines, decisions(site, fresh))
        yield Variant(Case("90 % hot", served, at_once), lines, decisions(site, mixed(fresh, 10)))
        if in_full:
            for asked, drawn in _more(host).items():
                yield Variant(Case(asked, served, at_once), lines, drawn)
            yield _batched(host, lines, Case(f"/events, each of {BATCH}", served, at_once))
            for mode in ("none", "group"):
                other = Lines(hosts[mode].configured(plain=served == PLAIN), at_once)
                yield Variant(Case(f"hot, journal {mode}", served, at_once), other, decisions(site, hot()))


def _more(host: Host) -> dict[str, Iterator[Ask]]:
    site = host.sites[RULES]
    return {
        "hot, 10 rules": decisions(host.sites[FEW], hot()),
        "hot, 10,000 rules": decisions(host.sites[MANY], hot()),
        "hot, no two heads alike": never_alike(decisions(site, hot())),
        "hot, 1 placement": decisions(site, hot(), placements=1),
        "hot, 20 placements": decisions(site, hot(), placements=20),
        "hot, 1 event in it": decisions(site, busy(), events=1),
        "/events, 1 event": observations(site, busy(), 1),
    }


def _batched(host: Host, lines: Lines, case: Case) -> Variant:
    drawn = observations(host.sites[RULES], busy(), BATCH)
    return Variant(case, lines, drawn, requests=max(REQUESTS // 16, lines.count), counted=BATCH)
