"""A site that has one of everything that a path can name, and all that it has bears its mark."""

import json
import secrets
from collections.abc import Mapping
from itertools import count
from typing import Any

from httpx import Response

from app.admin.sites.service import NewSite
from app.reporting.reporter import Reporter
from app.storage.metadata import metadata
from app.storage.postgres import Postgres
from app.storage.tables import PARTITIONED
from tests.api.operations import Operation
from tests.api.runs import do_runs
from tests.builders import arm, delivering, experiment, placement, rule, segment
from tests.counting import count_all
from tests.shop import RunningEdge, Shop
from tests.waiting import until

API = "/api/v1"

# Of each row all but when it was last used, which is no change.
_ROWS = """
    SELECT '{name}' AS name, md5(string_agg(kept.said, '' ORDER BY kept.said)) AS hash
    FROM (SELECT (to_jsonb(t) - 'last_used_at')::text AS said FROM {name} AS t WHERE {own}) AS kept
"""
# To look into each of hundreds of partitions takes long, and whatever is written here is of today.
_TODAY = "site_id = $1 AND at BETWEEN now() - interval '2 days' AND now() + interval '2 days'"
_OWN = {
    "sites": "id = $1",
    "webhook_deliveries": "webhook_id IN (SELECT id FROM webhooks WHERE site_id = $1)",
    **dict.fromkeys(PARTITIONED, _TODAY),
}
_FOOTPRINT = " UNION ALL ".join(
    _ROWS.format(name=table.name, own=_OWN.get(table.name, "site_id = $1"))
    for table in metadata.sorted_tables
    if "site_id" in table.c or table.name in _OWN
)


class Furnished(Shop):
    """A site, its mark, and how its admin makes what is in it."""

    def __init__(self, edge: RunningEdge, site: NewSite, postgres: Postgres) -> None:
        super().__init__(edge, site)
        self.postgres = postgres
        # Long enough that no site is asked whether it meant the name of another.
        self.mark = f"m{secrets.token_hex(16)}"
        self.visitor = f"{self.mark}-visitor"
        self.decision_id = ""
        self.revision = 0
        self._numbers = count(1)

    @property
    def document(self) -> dict[str, Any]:
        """Some of each kind, so that every list has a second page, that of pairs of segments, too."""
        mark = self.mark
        hero = f"{mark}-hero"
        arms = [arm("control", variants={hero: "default"}), arm("treatment", variants={hero: "offer"})]
        copy = experiment(f"{mark}-copy", arms=arms, primary_metric=f"{mark}-bought")
        return {
            "site": {"timezone": "UTC", "origins": [f"https://{mark}.example"]},
            "placements": [placement(hero), placement(f"{mark}-side")],
            "segments": [
                segment(f"{mark}-gold", {"traits.plan": "gold"}),
                *(segment(f"{mark}-{n}", {}) for n in "ab"),
            ],
            "journeys": [{"key": f"{mark}-{n}", "stages": [{"key": f"{mark}-new"}]} for n in "ab"],
            "metrics": [{"key": f"{mark}-{name}", "event": name} for name in ("bought", "signed_up")],
            "exclusion_groups": [{"key": f"{mark}-{n}", "salt": n} for n in "gh"],
            "experiments": [copy, {**copy, "key": f"{mark}-later", "status": "draft"}],
            "rules": [
                delivering(f"{mark}-copy", placements=[hero]),
                rule(f"{mark}-other", placements=[f"{mark}-side"]),
            ],
            "holdout": {"percent": 0, "salt": mark},
        }

    def fresh(self) -> str:
        """Make up a name that nobody has had."""
        return f"{self.mark}-{next(self._numbers)}"

    async def admin(self, method: str, path: str, **sent: Any) -> Response:
        """Do something as an admin, which must succeed."""
        headers = {**self.secret, "If-Match": "*"}
        answer = await self.edge.client.request(method, f"{API}{path}", headers=headers, **sent)
        assert answer.is_success, (method, path, answer.text)
        return answer

    async def reset(self) -> None:
        """Make the draft again what it was at first."""
        await self.admin("PUT", "/config", json=self.document)

    async def ask(
        self,
        operation: Operation,
        names: Mapping[str, str],
        key: str | None,
        body: Any = None,
        **headers: str,
    ) -> Response:
        """Ask for an operation by anybody's key, whatever is there now."""
        headers |= {} if key is None else {"Authorization": f"Bearer {key}"}
        headers |= {"If-Match": "*"} if operation.takes("if-match") else {}
        headers |= {} if body is None else {"Content-Type": "application/json"}
        return await self.edge.client.request(
            operation.method,
            operation.path.format(**names),
            headers=headers,
            content=None if body is None else json.dumps(body),
        )

    async def footprint(self) -> dict[str, Any]:
        """Tell all that is stored of the site apart, and what the cache remembers of its visitor."""
        rows = await self.postgres.pool.fetch(_FOOTPRINT, self.site.site_id)
        remembered = (await self.admin("GET", f"/profiles/{self.visitor}")).json()
        return {"remembered": remembered, **{row["name"]: row["hash"] for row in rows}}

    async def stored(self, visitor: str) -> None:
        """Wait until the journal's records of a visitor are in PostgreSQL."""
        query = "SELECT count(*) FROM profiles WHERE site_id = $1 AND visitor = $2"

        async def is_there() -> bool:
            return bool(await self.postgres.pool.fetchval(query, self.site.site_id, visitor))

        await until(is_there)

    async def measured(self) -> None:
        """Have the segments of what is in force measured."""
        await self.admin("GET", "/segment-sizes")
        await do_runs(self.postgres)

    async def publish_draft(self) -> None:
        """Publish, and wait until that is in force."""
        made = await self.admin("POST", "/revisions", json={"comment": self.mark})
        self.revision = made.json()["number"]

        async def is_in_force() -> bool:
            ruleset = self.edge.parts.rulesets.ruleset_of(self.site.site_id)
            return ruleset is not None and ruleset.revision == self.revision

        await until(is_in_force)

    async def decide_and_store(self) -> None:
        """Take a decision for the visitor, which is in PostgreSQL when this returns."""
        decided = await self.decide(visitor={"id": self.visitor}, placements=[f"{self.mark}-hero"])
        self.decision_id = decided.json()["decision_id"]

        async def is_kept() -> bool:
            url = f"{API}/decisions/{self.decision_id}"
            return (await self.edge.client.get(url, headers=self.secret)).is_success

        await until(is_kept)


async def furnish(edge: RunningEdge, site: NewSite, postgres: Postgres, *, revisions: int) -> Furnished:
    """Publish so many revisions, take a decision, and have it counted and measured."""
    made = Furnished(edge, site, postgres)
    await made.is_known()
    await made.reset()
    for _ in range(revisions):
        await made.publish_draft()
    await made.admin("PATCH", f"/profiles/{made.visitor}", json={"traits": {"plan": "gold"}})
    await made.decide_and_store()
    await made.stored(made.visitor)
    await count_all(Reporter(postgres.pool))
    await made.measured()
    return made
