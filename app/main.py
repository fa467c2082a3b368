"""Opens connections, wires ports to adapters and mounts both edges: a worker."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from app.admin.lint.process import ProcessLinter
from app.admin.routes import admin_router
from app.admin.webhooks.reach import Reach
from app.api import described, docs, health, openapi
from app.api.client_address import Proxies
from app.api.context import context_said
from app.api.metrics import registry_of
from app.api.parts import Parts
from app.api.public import PublicEdge
from app.api.user_agent import load_patterns
from app.api.whereabouts import Whereabouts, open_countries
from app.decision.amend import Amend
from app.decision.decide import Decide
from app.decision.observe import Observe
from app.decision.preview import Preview
from app.journal.append import FileJournal
from app.journal.lag import JournalLag
from app.kit.clock import now
from app.kit.tasks import background
from app.profiles.caps import RedisCaps
from app.profiles.durable import DurableProfiles
from app.profiles.history import History
from app.profiles.hot import Hot
from app.profiles.loaded import ProfilesUnavailable
from app.profiles.redis import RedisProfiles
from app.rulesets.live import LiveRulesets
from app.rulesets.loader import RulesetLoader
from app.rulesets.others import OtherRulesets
from app.rulesets.previewed import PreviewedRulesets
from app.settings import Settings
from app.storage.postgres import Postgres
from app.storage.valkey import Valkey
from app.web.encoded_ids import EncodedIds
from app.web.first_request import ask_first
from app.web.key_use import keep_writing_use
from app.web.keyring import Keyring
from app.web.problem_handlers import install_problem_handlers
from app.web.request_id import RequestId
from app.wiring import DAY_S, PATIENCE_S, keep_fresh, peppers, servers

# How long a record may wait in the journal before shipping counts as down.
LATE_S = 30.0


def create_app(settings: Settings | None = None, clock: Callable[[], datetime] = now) -> PublicEdge:
    """Make the whole service as one ASGI app; everything is opened when its lifespan starts."""
    chosen = settings or Settings()

    @asynccontextmanager
    async def lifespan(api: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            edge.parts = await _open(chosen, api, edge, stack)
            await ask_first(api)
            yield

    api = FastAPI(
        title="Signpost", version="0.1.0", lifespan=lifespan, openapi_url=None, redirect_slashes=False
    )
    api.state.described = described.Described()
    edge = PublicEdge(RequestId(EncodedIds(_mounted(api), "/api/v1/profiles/")), clock)
    return edge


def create_asgi_app() -> ASGIApp:
    """Make the whole service as nothing but an ASGI app, which no server can tell could be asked directly."""
    edge = create_app()

    async def by_asgi(scope: Scope, receive: Receive, send: Send) -> None:
        await edge(scope, receive, send)

    return by_asgi


def openapi_document() -> dict[str, Any]:
    """Describe every route of both edges, without opening anything."""
    return _mounted(FastAPI(title="Signpost", version="0.1.0")).openapi()


def _mounted(api: FastAPI) -> FastAPI:
    api.include_router(health.router)
    api.include_router(docs.router)
    api.include_router(described.router)
    api.include_router(admin_router())
    install_problem_handlers(api)
    openapi.describe(api)
    return api


async def _open(settings: Settings, api: FastAPI, edge: PublicEdge, stack: AsyncExitStack) -> Parts:
    """Open everything; what is opened last is closed first."""
    load_patterns()
    addresses = stack.enter_context(servers(settings))
    postgres = await Postgres.open(addresses.database_url)
    stack.push_async_callback(postgres.close)
    hot = Hot(settings.hot_profiles)
    valkey = Valkey(addresses.redis_url, copies=hot if settings.hot_profiles else None)
    stack.callback(valkey.close)
    journal = FileJournal(settings.journal_dir, power_safe=settings.journal_sync == "group")
    stack.callback(journal.close)
    keyring = Keyring(settings.key_requests_per_s, peppers=peppers(settings))
    rulesets = LiveRulesets()
    api.state.refresh = await keep_fresh(settings, addresses, stack, _reloading(postgres, rulesets, keyring))
    await stack.enter_async_context(background(keep_writing_use(keyring, postgres.pool)))
    api.state.postgres, api.state.keyring = postgres, keyring
    api.state.other_rulesets = others = OtherRulesets(rulesets)
    api.state.linter = linter = ProcessLinter()
    stack.push_async_callback(linter.aclose)
    api.state.journal_lag = lag = JournalLag(settings.journal_dir, postgres.pool)
    api.state.probes = _probes(postgres, valkey, journal, lag)
    stores = _stores(settings, (valkey, hot), postgres, rulesets)
    await _warm(stores.patient)
    await stack.enter_async_context(background(stores.history.run()))
    decide = Decide(
        profiles=stores.hurried,
        journal=journal,
        rulesets=rulesets,
        caps=stores.caps,
        history=stores.history,
        sampled=settings.decision_sample_percent,
    )
    api.state.metrics = registry_of(edge.tally, journal, lag, decide.degraded)
    api.state.profiles, api.state.amend = stores.patient, Amend(stores.patient, journal, rulesets)
    api.state.webhook_reach = Reach(settings.webhook_networks)
    whereabouts = _whereabouts(settings, stack)
    api.state.context_of = partial(context_said, whereabouts=whereabouts)
    observe = Observe(stores.patient, journal, rulesets)
    preview, previewed = Preview(stores.hurried, stores.caps), PreviewedRulesets(postgres.pool, others)
    return Parts(decide, observe, preview, rulesets, previewed, keyring, whereabouts)


async def _warm(profiles: RedisProfiles) -> None:
    # The first page shall not pay for opening connections. A store that is away is no reason not to start.
    with suppress(ProfilesUnavailable):
        await profiles.load(0, "")


class _Stores(NamedTuple):
    """What is remembered of visitors, as each of its users needs it."""

    hurried: RedisProfiles
    patient: RedisProfiles
    caps: RedisCaps
    history: History


def _stores(
    settings: Settings, cache: tuple[Valkey, Hot], postgres: Postgres, rulesets: LiveRulesets
) -> _Stores:
    valkey, hot = cache
    durable = DurableProfiles(postgres.pool, rulesets.ruleset_of)
    ttl_s = round(settings.profile_ttl_days * DAY_S)
    budget_s = settings.profile_budget_ms / 1_000
    # No page waits for the answer to an event, and one that is not folded in would be missed by decisions.
    patient = RedisProfiles(valkey, durable, budget_s=PATIENCE_S, ttl_s=ttl_s, hot=hot)
    return _Stores(
        RedisProfiles(valkey, durable, budget_s=budget_s, ttl_s=ttl_s, hot=hot),
        patient,
        RedisCaps(valkey, budget_s=budget_s, ttl_s=ttl_s),
        # Two at once leave connections for the pages that look for a profile which the cache does not hold.
        History(postgres.pool, rulesets.ruleset_of, patient, at_once=2),
    )


def _whereabouts(settings: Settings, stack: AsyncExitStack) -> Whereabouts:
    countries = None if settings.country_db is None else open_countries(settings.country_db)
    if countries is not None:
        stack.callback(countries.close)
    return Whereabouts(countries, Proxies(settings.trusted_proxies))


def _reloading(postgres: Postgres, rulesets: LiveRulesets, keyring: Keyring) -> Callable[[], Awaitable[None]]:
    loader = RulesetLoader(postgres.pool, rulesets)

    async def reload() -> None:
        # Sites before keys: a key is known only once its site is.
        await loader.load()
        await keyring.load(postgres.pool)

    return reload


def _probes(
    postgres: Postgres, valkey: Valkey, journal: FileJournal, lag: JournalLag
) -> dict[str, health.Probe]:
    async def postgres_answers() -> object:
        return await postgres.pool.fetchval("SELECT true")

    async def valkey_answers() -> object:
        return await valkey.ask(("PING",), within_s=PATIENCE_S).wait()

    async def journal_takes_records() -> object:
        return journal.healthy

    async def records_arrive() -> object:
        await lag.look()
        return lag.seconds < LATE_S

    return {
        "postgres": postgres_answers,
        "valkey": valkey_answers,
        "journal": journal_takes_records,
        "shipper": records_arrive,
    }
