"""What rules cost, decided on and compiled: `python -m loadtests.bench_engine`; exits 1 if too much."""

import gc
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from time import perf_counter_ns, process_time
from typing import Any, NamedTuple

import msgspec
from pydantic import BaseModel, TypeAdapter

from app.engine.compile import compile_ruleset, parse_document
from app.engine.evaluate import evaluate
from app.engine.profile import Counter, Profile
from app.engine.ruleset import Ruleset
from app.engine.visitor import Standing
from app.kit.collector import no_full_collections
from app.kit.steps import Steps, finished
from app.rulesets.building import building

SIZES = (10, 100, 1_000, 10_000)
LIMIT, DECODINGS_LIMIT = 3.0, 3.0
COMPILE_LIMIT_S = 2.0
SEGMENTS = 200
ROUNDS, REPEATS = 15, 200
NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
PLACEMENTS = ("hero", "side", "strip")

COUNTRIES, DEVICES = ("DE", "FR", "GB", "US", "JP", "BR", "IN"), ("mobile", "desktop", "tablet")
PLANS, STAGES = ("free", "team", "gold"), ("awareness", "consideration", "decision")

Json = dict[str, Any]


def narrow(n: int) -> Json:
    """An audience that hardly anybody belongs to: eight things must hold at once."""
    condition = {
        "context.country": COUNTRIES[n % 7],
        "context.device": {"$ne": DEVICES[n % 3]},
        "traits.plan": {"$in": [PLANS[n % 3], PLANS[n % 2]]},
        "traits.score": {"$gte": n % 89},
        "events.product_viewed.count": {"$gt": n % 5, "$lt": 50 + n % 11},
        "context.url.path": {"$regex": f"^/shelf-{n % 97}/"},
        "$or": [{"context.hour": {"$gte": n % 24}}, {"traits.vip": True}],
    }
    return {"audience": {"stages": [STAGES[n % 3]], "segments": [f"s{n % 5}"], "condition": condition}}


def alone(n: int) -> Json:
    """An audience that asks nothing that another does, as narrow as the others."""
    condition = {
        "context.country": f"C{n}",
        "context.device": {"$ne": f"d{n}"},
        "traits.plan": {"$in": [f"p{n}", f"q{n}"]},
        "traits.score": {"$gte": 100 + n},
        "events.product_viewed.count": {"$gt": n, "$lt": 50.5 + n},
        "context.url.path": {"$regex": f"^/shelf-{n}/"},
        "$or": [{"context.hour": {"$gte": n}}, {"traits.vip": f"v{n}"}],
    }
    return {"audience": {"stages": [STAGES[n % 3]], "segments": [f"s{n % 5}"], "condition": condition}}


def broad(n: int) -> Json:
    """An audience that most belong to; its campaign is over or not yet on, so that rules are asked at all."""
    year = 2000 + n % 20 if n % 2 else 2030 + n % 20
    audience = {"not_segments": [f"s{n % 2}"], "condition": {"context.device": {"$ne": DEVICES[n % 3]}}}
    return {
        "audience": audience,
        "schedule": {("ends_at" if n % 2 else "starts_at"): f"{year}-01-01T00:00:00Z"},
    }


def site(rules: int, audience: Callable[[int], Json], *, hit: bool) -> Json:
    """A site with that many rules; with `hit`, the last one of each placement is for everybody known."""
    everybody = {"audience": {"condition": {"traits.plan": {"$exists": True}}}}
    return {
        "placements": [
            {"key": key, "default": "a", "variants": [{"key": "a"}, {"key": "b"}]} for key in PLACEMENTS
        ],
        "segments": [{"key": f"s{n}", "condition": {"traits.score": {"$gte": 20 * n}}} for n in range(5)],
        "journeys": [{"key": "purchase", "stages": [{"key": key} for key in STAGES]}],
        "rules": [
            {
                "key": f"r{n:05}",
                "placements": [PLACEMENTS[n % 3]],
                "deliver": {"variant": "b"},
                **(everybody if hit and n >= rules - len(PLACEMENTS) else audience(n)),
            }
            for n in range(rules)
        ],
    }


# Past every threshold, at a path of no rule: whoever asks the visitor in vain has asked everything.
VISITOR = Profile(
    first_ms=1,
    traits={"plan": "free", "score": 88, "vip": True},
    counters={"product_viewed": Counter(count=9)},
)
CONTEXT = {"country": "DE", "device": "desktop", "locale": "de-DE", "url": {"path": "/shelf-none/lamp"}}
STANDING = Standing(visitor="v-1")


def with_segments(condition: Callable[[int], Json]) -> Ruleset:
    """The smallest site with 200 segments in the place of its five."""
    segments = [{"key": f"s{n}", "condition": condition(n)} for n in range(SEGMENTS)]
    return compile_ruleset(parse_document(site(SIZES[0], broad, hit=True) | {"segments": segments}), 1)


def seeing(rules: Ruleset) -> Callable[[], object]:
    """The visitor seen: what a request pays for segments and stages, before any rule."""
    return lambda: rules.see(VISITOR, CONTEXT, STANDING, NOW)


def decision(rules: Ruleset) -> Callable[[], object]:
    """Three placements decided. To see the visitor comes before, and has nothing to do with rules."""
    seen = rules.see(VISITOR, CONTEXT, STANDING, NOW)
    return lambda: evaluate(rules, seen, PLACEMENTS)


class Case(NamedTuple):
    """A kind of ruleset, as it stands in the table."""

    audience: Callable[[int], Json]
    hit: bool

    def __str__(self) -> str:
        return f"{self.audience.__name__}, {'hit' if self.hit else 'miss'}"


CASES = tuple(Case(audience, hit) for audience in (broad, narrow) for hit in (True, False))


def compiled(case: Case, size: int) -> Ruleset:
    """The ruleset of a case, checked to answer what the case is about."""
    rules = compile_ruleset(parse_document(site(size, case.audience, hit=case.hit)), 1)
    seen = rules.see(VISITOR, CONTEXT, STANDING, NOW)
    reasons = {choice.reason for choice in evaluate(rules, seen, PLACEMENTS).placements.values()}
    if reasons != {"rule" if case.hit else "default"}:
        raise RuntimeError(f"{case} with {size} rules answered {reasons}")
    return rules


class Compiling(NamedTuple):
    """What it costs to compile a site from its JSON, in CPU; its longest step is what others wait for."""

    cpu_s: float
    longest_s: float

    def __str__(self) -> str:
        return f"{self.cpu_s:.2f} s of CPU, the longest step {self.longest_s * 1_000:.1f} ms"


def compiling_cost(audience: Callable[[int], Json]) -> Compiling:
    """Compile once for the whole, and once for the longest step, since to time each of them costs too."""
    with no_full_collections():
        first, second = (site(SIZES[-1], audience, hit=False) for _ in range(2))
        start = process_time()
        finished(building(first, 1))
        cpu_s = process_time() - start
        return Compiling(cpu_s, longest_step(building(second, 1)))


def longest_step(steps: Steps[object]) -> float:
    """Time every step; gives the longest, in seconds of CPU."""
    longest_s = 0.0
    while True:
        start = process_time()
        try:
            next(steps)
        except StopIteration:
            return max(longest_s, process_time() - start)
        longest_s = max(longest_s, process_time() - start)


class VisitorModel(BaseModel):
    """Who is on the page."""

    id: str
    user_id: str | None = None


class EventModel(BaseModel):
    """Something the visitor did."""

    name: str
    properties: dict[str, Any] = {}
    id: str | None = None
    at: datetime | None = None


class RequestModel(BaseModel):
    """`POST /decide` as an ordinary service would read it."""

    visitor: VisitorModel
    placements: list[str]
    context: dict[str, Any]
    events: list[EventModel]
    consent: dict[str, bool]


def request() -> bytes:
    """A page load's request of 600 bytes."""
    body = {
        "visitor": {"id": "0197c8a2-3b1e-7c44-9d27-5a1e6f0b8c11", "user_id": "customer-48213"},
        "placements": list(PLACEMENTS),
        "context": {
            "url": "https://shop.example/shelf-none/lamp?utm_source=mail&utm_campaign=spring&page=2",
            "referrer": "https://search.example/?q=lamp",
            "locale": "de-DE",
            "device": "desktop",
            "country": "DE",
            "attributes": {"cart_value": 129.9, "items": 3, "logged_in": True, "note": ""},
        },
        "events": [{"name": "product_viewed", "properties": {"sku": "L-2041", "price": 49.9}, "id": "e-1"}],
        "consent": {"personalization": True, "analytics": True},
    }
    body["context"]["attributes"]["note"] = "x" * (600 - len(msgspec.json.encode(body)))  # type: ignore[index]  # as written above
    return msgspec.json.encode(body)


def fastest(tasks: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Time every task in turn, round after round; the fastest round of each, in µs per call."""
    best = dict.fromkeys(tasks, float("inf"))
    gc.disable()
    for _ in range(ROUNDS):
        for name, task in tasks.items():
            start = perf_counter_ns()
            for _ in range(REPEATS):
                task()
            best[name] = min(best[name], (perf_counter_ns() - start) / REPEATS / 1_000)
        gc.collect()
    gc.enable()
    return best


def table(best: dict[str, float]) -> Iterator[str]:
    """Write the figures down, one kind of ruleset per line."""
    yield "| µs per decision | " + " | ".join(f"{size:,} rules" for size in SIZES) + " | 10,000 : 10 |"
    yield "|---" * (len(SIZES) + 2) + "|"
    for case in CASES:
        figures = [best[f"{case}, {size}"] for size in SIZES]
        cells = " | ".join(f"{figure:.1f}" for figure in figures)
        yield f"| {case} | {cells} | {figures[-1] / figures[0]:.2f} |"
    yield f"\nDecoding the request of {len(request())} bytes with pydantic: {best['pydantic']:.1f} µs"
    yield f"Resolving the visitor's 5 segments and 1 stage, not in the table: {best['see']:.1f} µs"
    yield f"The same with {SEGMENTS} segments that all compare one trait: {best['see scores']:.1f} µs"
    yield f"The same with {SEGMENTS} that ask what narrow rules ask: {best['see narrow']:.1f} µs"


def main() -> int:
    """Measure, print the table, and tell whether the number of rules costs too much."""
    cost = compiling_cost(narrow)
    print(f"Compiling {SIZES[-1]:,} narrow rules: {cost}")
    print(f"The same, no two of which ask the same: {compiling_cost(alone)}\n")
    rulesets = {f"{case}, {size}": compiled(case, size) for case in CASES for size in SIZES}
    tasks = {name: decision(rules) for name, rules in rulesets.items()}
    adapter, body = TypeAdapter(RequestModel), request()
    tasks["pydantic"] = lambda: adapter.validate_json(body)
    tasks["see"] = seeing(rulesets[f"{CASES[0]}, {SIZES[0]}"])
    tasks["see scores"] = seeing(with_segments(lambda n: {"traits.score": {"$gte": n}}))
    tasks["see narrow"] = seeing(with_segments(lambda n: narrow(n)["audience"]["condition"]))
    best = fastest(tasks)
    print("\n".join(table(best)))
    misses = list(missed(best, cost))
    print("\n".join(misses))
    return int(bool(misses))


def missed(best: dict[str, float], cost: Compiling) -> Iterator[str]:
    """Say which limits were missed."""
    largest = [best[f"{case}, {SIZES[-1]}"] for case in CASES]
    growth = max(most / best[f"{case}, {SIZES[0]}"] for most, case in zip(largest, CASES, strict=True))
    if growth > LIMIT:
        yield f"10,000 rules cost {growth:.1f} times as much as 10, the limit is {LIMIT:.0f}"
    decodings = max(largest) / best["pydantic"]
    if decodings > DECODINGS_LIMIT:
        yield f"10,000 rules cost {decodings:.1f} times a decoding, the limit is {DECODINGS_LIMIT:.0f}"
    if cost.cpu_s > COMPILE_LIMIT_S:
        yield f"Compiling took {cost.cpu_s:.1f} s of CPU, the limit is {COMPILE_LIMIT_S:.0f} s"


if __name__ == "__main__":
    sys.exit(main())
