"""The rulesets that preview links name, from the real database."""

import asyncio
from collections.abc import Hashable
from typing import Any

import asyncpg
import msgspec
import pytest
import pytest_asyncio

from app.engine.forced import NOTHING_FORCED, Forced
from app.engine.problems import Problems
from app.engine.ruleset import Ruleset
from app.rulesets.live import LiveRulesets
from app.rulesets.loader import RulesetLoader
from app.rulesets.others import Load, OtherRulesets
from app.rulesets.previewed import NoSuchRevision, PreviewedRulesets, PreviewsUnavailable
from app.storage.documents import load_draft_document, state_of_draft
from app.storage.postgres import Postgres
from tests.builders import delivering, document, experiment, rule
from tests.fakes import AwayPool
from tests.integration.publishing import publish
from tests.sites import SiteFactory

IDLE = experiment(status="draft")


class CountingRulesets(OtherRulesets):
    """Counts how often something was to be compiled."""

    compiled = 0

    async def previewed(self, site: int, state: Hashable, number: int, load: Load) -> Ruleset:
        self.compiled += 1
        return await super().previewed(site, state, number, load)


class Site:
    """A site whose draft and revisions a test writes."""

    def __init__(self, postgres: Postgres, number: int) -> None:
        self.number = number
        self.live = LiveRulesets()
        self.others = CountingRulesets(self.live)
        self.previewed = PreviewedRulesets(postgres.pool, self.others)
        self._postgres = postgres

    async def put(self, kind: str, *documents: dict[str, Any]) -> None:
        """Put resources of a kind in the place of those that are in the draft."""
        async with self._postgres.pool.acquire() as connection, connection.transaction():
            await connection.execute("DELETE FROM drafts WHERE site_id = $1 AND kind = $2", self.number, kind)
            for position, one in enumerate(documents):
                await connection.execute(
                    "INSERT INTO drafts (site_id, kind, key, position, document) VALUES ($1, $2, $3, $4, $5)",
                    self.number,
                    kind,
                    one.get("key", kind),
                    position,
                    msgspec.json.encode(one).decode(),
                )

    async def publish(self, **fields: Any) -> None:
        await publish(self._postgres, self.number, document(**fields))
        await RulesetLoader(self._postgres.pool, self.live).load()

    async def rules_of(self, revision: int | None, forced: Forced = NOTHING_FORCED) -> list[str]:
        found = await self.previewed.find(self.number, revision, forced)
        assert found.revision == (revision or 0)
        return [one.key for one in found.rules]

    async def state(self) -> str:
        async with self._postgres.pool.acquire() as connection:
            return await state_of_draft(connection, self.number)


@pytest_asyncio.fixture
async def site(postgres: Postgres, new_site: SiteFactory) -> Site:
    return Site(postgres, (await new_site()).site_id)


async def test_a_draft_is_shown_as_it_stands_each_time(site: Site) -> None:
    assert await site.rules_of(None) == []
    await site.put("placements", *document()["placements"])

    for keys in (["a"], ["b"], ["b", "c"]):
        await site.put("rules", *(rule(key) for key in keys))
        assert await site.rules_of(None) == keys


async def test_a_draft_that_has_not_changed_is_not_compiled_again(site: Site) -> None:
    await site.put("site", {"timezone": "Europe/London"})

    first = await site.previewed.find(site.number, None, NOTHING_FORCED)

    assert first.site.timezone == "Europe/London"
    assert await site.previewed.find(site.number, None, NOTHING_FORCED) is first


async def test_whatever_changes_in_a_draft_changes_its_state(site: Site) -> None:
    states = [await site.state()]
    for rules in ([rule("a")], [rule("a")], [rule("a"), rule("b")], [rule("b"), rule("a")], []):
        await site.put("rules", *rules)
        states.append(await site.state())

    # Only when nothing is left it is as it was before anything.
    assert states.pop() == states[0]
    assert len(set(states)) == len(states) == 5


async def test_a_draft_is_read_as_it_would_be_published(site: Site, postgres: Postgres) -> None:
    whole: dict[str, Any] = {
        "site": {"timezone": "UTC"},
        "rules": [rule("b"), rule("a")],
        "holdout": {"percent": 5},
    }
    await site.put("site", whole["site"])
    await site.put("rules", *whole["rules"])
    await site.put("holdout", whole["holdout"])

    async with postgres.pool.acquire() as connection, connection.transaction():
        assert await load_draft_document(connection, site.number) == whole


async def test_a_revision_is_shown_whatever_is_in_force(site: Site) -> None:
    for key in ("first", "second"):
        await site.publish(rules=[rule(key)])

    assert await site.rules_of(1) == ["first"]
    assert await site.rules_of(2) == ["second"]
    live = site.live.ruleset_of(site.number)
    assert await site.previewed.find(site.number, 2, NOTHING_FORCED) is live


async def test_what_does_not_run_is_there_where_its_arm_is_forced(site: Site) -> None:
    await site.publish(experiments=[IDLE], rules=[delivering("hero-copy")])

    assert await site.rules_of(1) == []
    assert await site.rules_of(1, Forced(arms={"hero-copy": "treatment"})) == ["hero-copy-rule"]
    assert await site.rules_of(1, Forced(arms={"unknown": "treatment"})) == []


async def test_there_is_no_revision_that_was_not_published(site: Site) -> None:
    with pytest.raises(NoSuchRevision, match="there is no revision 3"):
        await site.rules_of(3)


async def test_a_broken_draft_is_said_until_it_is_mended(site: Site) -> None:
    await site.put("rules", rule("a"))
    for _ in range(2):
        with pytest.raises(Problems, match="/rules/0"):
            await site.rules_of(None)

    await site.put("placements", *document()["placements"])

    assert await site.rules_of(None) == ["a"]


async def test_a_broken_draft_is_not_compiled_again_while_it_stays(site: Site) -> None:
    await site.put("rules", rule("a"))

    for _ in range(3):
        with pytest.raises(Problems):
            await site.rules_of(None)

    assert site.others.compiled == 1


async def test_many_pages_at_once_compile_a_draft_once(site: Site) -> None:
    await site.put("placements", *document()["placements"])

    found = await asyncio.gather(*(site.previewed.find(site.number, None, NOTHING_FORCED) for _ in range(20)))

    assert len({id(one) for one in found}) == 1


async def test_a_database_that_is_away_is_said() -> None:
    away: Any = AwayPool()
    previewed = PreviewedRulesets(away, OtherRulesets(LiveRulesets()))

    for revision in (None, 1):
        with pytest.raises(PreviewsUnavailable):
            await previewed.find(1, revision, NOTHING_FORCED)


async def test_a_database_that_does_not_answer_in_time_is_said(site: Site, postgres: Postgres) -> None:
    hurried = PreviewedRulesets(postgres.pool, site.others, wait_s=0.05)

    async with postgres.pool.acquire() as connection, connection.transaction():
        await connection.execute("LOCK TABLE drafts IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(PreviewsUnavailable):
            await hurried.find(site.number, None, NOTHING_FORCED)

    assert await site.rules_of(None) == []


async def test_a_database_that_fails_is_said(postgres: Postgres) -> None:
    pool = await asyncpg.create_pool(
        postgres.engine.url.set(drivername="postgresql").render_as_string(hide_password=False),
        min_size=1,
        max_size=1,
    )
    previewed = PreviewedRulesets(pool, OtherRulesets(LiveRulesets()))
    await pool.close()

    with pytest.raises(PreviewsUnavailable, match="closed"):
        await previewed.find(1, None, NOTHING_FORCED)
