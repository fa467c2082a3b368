"""How long it takes to tell what a draft would change for 50,000 visitors; exits 1 if too long or wrong."""

import asyncio
import random
import resource
import sys
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import insert

from app.admin.draft import load_draft, replace_draft
from app.admin.impact.schemas import IMPACT
from app.admin.runs.queue import Run, get_run, queue_run
from app.admin.runs.starter import Starter
from app.admin.sites.service import create_site
from app.admin.sizes.schemas import SIZES
from app.decision.inputs import Basis, encode_basis
from app.embedded.servers import start
from app.engine.compile import compile_ruleset, parse_document
from app.engine.profile import Profile
from app.engine.visitor import Standing
from app.kit.clock import instant_of, ms_of, now
from app.kit.ids import id_at, new_id
from app.kit.tasks import background
from app.profiles.codec import encode_profile
from app.storage.migrate import migrate
from app.storage.postgres import Postgres
from app.storage.tables import revisions
from app.web.keyring import Caller, Role
from loadtests.bench_engine import COUNTRIES, DEVICES, PLANS, Json
from loadtests.speed.shop import PLACEMENTS, shop
from loadtests.speed.visitors import profiles, visitor_id
from tests.naive_replay import Row, flat, latest, naive_impact

VISITORS, LIMIT_S = 50_000, 60.0
RULES = (1_000, 10_000)
ON_A_PAGE = 5
POLL_S, ENDING_S = 0.05, 1.0
DECISIONS = ("site_id", "id", "visitor", "revision", "asked", "at")


def changed(document: Json) -> Json:
    """Make the draft that a busy week leaves: in every part of the site something is another."""
    draft: Json = msgspec.json.decode(msgspec.json.encode(document))
    draft["placements"][3]["variants"][0]["content"]["title"] = "Summer sale"
    draft["segments"][5]["condition"] = {"events.page_viewed.count": {"$gte": 20}}
    draft["journeys"][0]["stages"][2]["when"] = {"events.product_added.count_7d": {"$gte": 9}}
    draft["experiments"][0]["arms"][1]["weight"] = 2
    for rule in draft["rules"][::3]:
        rule["priority"] = 400
    draft["rules"][-1]["placements"] = [*PLACEMENTS[3:]]
    british = {"condition": {"context.country": "GB"}}
    draft["rules"].append({**draft["rules"][-1], "key": "british", "priority": 600, "audience": british})
    return draft


def logged(rules: int, at: datetime) -> Iterator[Row]:
    """Make up a logged decision for each visitor, a second apart."""
    draw, known = random.Random(rules), profiles(rules, at)
    for number in range(VISITORS):
        instant = at - timedelta(seconds=number)
        visitor = visitor_id(number)
        asked = encode_basis(_basis(draw, visitor, known[number % len(known)], instant))
        yield Row(instant_of(ms_of(instant)), uuid.UUID(id_at(instant)), visitor, asked)


def _basis(draw: random.Random, visitor: str, profile: Profile, at: datetime) -> Basis:
    traits = {**profile.traits, "plan": draw.choice(PLANS), "score": draw.randint(0, 100)}
    if draw.random() < 0.1:
        del traits["plan"]
    own = msgspec.structs.replace(profile, traits=traits, arms=profile.arms if draw.random() < 0.5 else {})
    context = {
        "country": draw.choice(COUNTRIES),
        "device": draw.choice(DEVICES),
        "locale": draw.choice(("de-DE", "en-GB")),
        "timezone": "Europe/London",
        "url": {"path": f"/shelf-{draw.randint(0, 120)}/lamp", "query": {"page": "2"}},
        "referrer": {"host": "news.example"},
    }
    places = tuple(draw.sample(PLACEMENTS, ON_A_PAGE))
    return Basis(Standing(visitor), own, context, places, frozenset(), at)


class Site(NamedTuple):
    """A published site with another draft, and what was logged on it."""

    number: int
    published: Json
    draft: Json
    rows: list[Row]


async def prepare(postgres: Postgres, rules: int) -> Site:
    """Publish a shop, change its draft, and log decisions and profiles of its visitors."""
    published = shop(rules)
    draft = changed(published)
    async with postgres.engine.begin() as connection:
        site = (await create_site(connection, f"shop-{rules}")).site_id
        first = {"number": 1, "document": published, "author": "bench", "comment": ""}
        await connection.execute(insert(revisions).values(site_id=site, **first))
        admin = Caller(site, new_id(), "secret", Role.ADMIN, "bench")
        await replace_draft(connection, admin, await load_draft(connection, site), draft)
    rows = list(logged(rules, now() - timedelta(seconds=1)))
    listed: list[Any] = [(site, row.id, row.visitor, 1, row.asked, row.at) for row in rows]
    await postgres.pool.copy_records_to_table("decisions", records=listed, columns=DECISIONS)
    known = profiles(rules, now())
    bodies = [encode_profile(profile) for profile in known]
    stored: list[Any] = [(site, row.visitor, bodies[n % len(bodies)]) for n, row in enumerate(rows)]
    await postgres.pool.copy_records_to_table(
        "profiles", records=stored, columns=("site_id", "visitor", "body")
    )
    return Site(site, published, draft, rows)


async def timed(postgres: Postgres, site: int, kind: str, asked: dict[str, Any]) -> tuple[float, Run]:
    """Queue a run and wait for its end, as whoever has asked does."""
    began = perf_counter()
    async with postgres.engine.begin() as connection:
        run = await queue_run(connection, site, kind, asked)
    while True:
        async with postgres.engine.begin() as connection:
            told = await get_run(connection, site, kind, run)
        if told.state == "done":
            return perf_counter() - began, told
        if told.state == "failed":
            raise RuntimeError(told.error)
        await asyncio.sleep(POLL_S)


async def cpu_of_children() -> float:
    """Tell the CPU that child processes have had, in seconds, once the last one has ended."""
    await asyncio.sleep(ENDING_S)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


async def bench(postgres: Postgres, rules: int) -> Iterator[str]:
    """Measure one site; gives what was wrong."""
    site = await prepare(postgres, rules)
    question = {"visitors": VISITORS, "against": "published", "candidate": "draft", "placements": []}
    cpu_s = -(await cpu_of_children())
    took_s, run = await timed(postgres, site.number, IMPACT, question)
    cpu_s += await cpu_of_children()
    sizes_s, _ = await timed(postgres, site.number, SIZES, {"revision": 1, "sample": 20_000})
    total = msgspec.json.decode(run.result or b"")["total"]
    began = perf_counter()
    before, after = (compile_ruleset(parse_document(part), 1) for part in (site.published, site.draft))
    naive = naive_impact(latest(site.rows, VISITORS), before, after)
    naive_s = perf_counter() - began
    figures = f"{took_s:.1f} | {cpu_s:.1f} | {total['changed']:,} | {naive_s:.1f} | {sizes_s:.1f}"
    print(f"| {rules:,} | {figures} |", flush=True)
    return _wrong(rules, took_s, told=flat(total, naive), naive=naive)


def _wrong(rules: int, took_s: float, *, told: dict[Any, int], naive: dict[Any, int]) -> Iterator[str]:
    if took_s > LIMIT_S:
        yield f"{VISITORS:,} visitors took {took_s:.0f} s with {rules:,} rules, the limit is {LIMIT_S:.0f} s"
    for key in sorted({**told, **naive}, key=repr):
        if told.get(key) != naive.get(key):
            yield f"{key} is {told.get(key)}, a naive replay counts {naive.get(key)}"


async def measured(folder: Path, database_url: str) -> list[str]:
    """Measure every size; gives what was wrong."""
    postgres = await Postgres.open(database_url)
    starter = Starter(postgres.pool, database_url, folder / "runs.lock", poll_s=0.5)
    wrong: list[str] = []
    print("| rules | seconds | CPU of the child, s | see something else | naive, s | sizes of 20,000, s |")
    print("|---|---|---|---|---|---|")
    async with background(starter.run()):
        for rules in RULES:
            wrong += await bench(postgres, rules)
    await postgres.close()
    return wrong


def main() -> int:
    """Measure, print the table, and tell whether anything was too slow or wrong."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        servers = start(Path(name) / "data")
        with closing(servers):
            migrate(servers.database_url)
            wrong = asyncio.run(measured(Path(name), servers.database_url))
    print("\n".join(["", *wrong]))
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
