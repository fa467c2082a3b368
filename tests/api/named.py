"""What the paths of operations name, made on a site; and what their bodies say there."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias

from tests.api.furnished import Furnished
from tests.api.operations import Operation, operations
from tests.api.runs import do_runs
from tests.waiting import until

Names: TypeAlias = dict[str, str]
Maker: TypeAlias = Callable[[Furnished], Awaitable[Names]]

KINDS = ("placements", "segments", "journeys", "metrics", "exclusion_groups", "experiments", "rules")
HOOK = {"url": "https://shop.example/hooks", "events": ["revision.published"]}
_LATER = {"publish_at": "2100-01-01T00:00:00Z"}


async def names_of(site: Furnished, operation: Operation) -> Names:
    """Make what an operation's path names; a name that nobody here can make is an error."""
    if not operation.named:
        return {}
    made = await _maker_of(operation)(site)
    return {name: made[name] for name in operation.named}


def body_of(site: Furnished, operation: Operation, names: Mapping[str, str]) -> Any:
    """Give the example of an operation's body, with the key that is meant, or with a new one.

    Where an example names what only its own site has, the body says the same of this site.
    """
    if operation.name in _BODIES:
        return _BODIES[operation.name](site)
    example = operation.example
    if isinstance(example, dict) and "key" in example:
        return {**example, "key": names.get("key") or site.fresh()}
    return example


def _maker_of(operation: Operation) -> Maker:
    fitting = [prefix for prefix in _MAKERS if operation.path.startswith(f"/api/v1/{prefix}")]
    return _MAKERS[max(fitting, key=len)]


async def _post(site: Furnished, path: str) -> Any:
    """Make what an operation's example describes."""
    (operation,) = [each for each in operations() if each.name == f"POST /api/v1/{path}"]
    return (await site.admin("POST", f"/{path}", json=body_of(site, operation, {}))).json()


def _of_kind(kind: str) -> Maker:
    async def make(site: Furnished) -> Names:
        return {"key": (await _post(site, kind))["key"]}

    return make


def _published(key: str) -> Maker:
    async def find(site: Furnished) -> Names:
        return {"key": f"{site.mark}-{key}"}

    return find


async def _variant(site: Furnished) -> Names:
    key, variant = site.fresh(), site.fresh()
    variants = [{"key": variant}, {"key": site.fresh()}]
    await site.admin("POST", "/placements", json={"key": key, "variants": variants})
    return {"placement": key, "key": variant}


async def _decision(site: Furnished) -> Names:
    return {"decision_id": site.decision_id}


async def _revision(site: Furnished) -> Names:
    return {"number": str(site.revision), "version": str(site.revision)}


async def _scheduled(site: Furnished) -> Names:
    made = await site.admin("POST", "/revisions", json={"comment": site.mark, **_LATER})
    return {"schedule_id": made.json()["id"]}


async def _run(site: Furnished) -> Names:
    # A site may only have a few that wait.
    await do_runs(site.postgres)
    return {"run": (await _post(site, "revisions/impact"))["id"]}


async def _key(site: Furnished) -> Names:
    made = await site.admin("POST", "/keys", json={"name": site.fresh(), "role": "viewer"})
    return {"key_id": made.json()["id"]}


async def _webhook(site: Furnished) -> Names:
    webhook = (
        await site.admin("POST", "/webhooks", json={**HOOK, "url": f"https://{site.mark}.example"})
    ).json()
    deliveries = [await site.admin("POST", f"/webhooks/{webhook['id']}/ping") for _ in range(2)]
    return {"webhook_id": webhook["id"], "delivery_id": deliveries[0].json()["id"]}


async def _visitor(site: Furnished) -> Names:
    visitor = site.fresh()
    await site.admin("PATCH", f"/profiles/{visitor}", json={"traits": {"of": site.mark}})
    await site.stored(visitor)
    return {"visitor": visitor}


async def _merged(site: Furnished) -> Names:
    visitor, user = site.fresh(), site.fresh()
    await site.decide(site.secret, visitor={"id": visitor, "user_id": user}, placements=["none"])
    query = "SELECT count(*) FROM profile_changes WHERE site_id = $1 AND visitor = $2"

    async def is_stored() -> bool:
        return bool(await site.postgres.pool.fetchval(query, site.site.site_id, visitor))

    await until(is_stored)
    return {"visitor": visitor, "user_id": user}


_MAKERS: Mapping[str, Maker] = {
    **{f"{kind}/{{key}}": _of_kind(kind) for kind in KINDS},
    "placements/{placement}/variants": _variant,
    "experiments/{key}/results": _published("copy"),
    "experiments/{key}/export": _published("copy"),
    "experiments/{key}/overlap": _published("copy"),
    "segments/{key}/size": _published("gold"),
    "journeys/{key}/stages/sizes": _published("a"),
    "decisions/{decision_id}": _decision,
    "revisions/{number}": _revision,
    "revisions/{version}": _revision,
    "revisions/scheduled/{schedule_id}": _scheduled,
    "revisions/impact/{run}": _run,
    "keys/{key_id}": _key,
    "webhooks/{webhook_id}": _webhook,
    "profiles/{visitor}": _visitor,
    "profiles/{visitor}/identity/{user_id}": _merged,
}
_BODIES: Mapping[str, Callable[[Furnished], Any]] = {
    "POST /api/v1/experiments/plan": lambda site: {
        "metric": f"{site.mark}-bought",
        "placements": [f"{site.mark}-hero"],
        "effect": 0.05,
        "mean": 0.1,
        "units_per_day": 100,
    },
    "POST /api/v1/preview": lambda site: {
        "placements": [f"{site.mark}-hero"],
        "profile": {"traits": {"plan": "gold"}},
    },
    "POST /api/v1/preview-links": lambda site: {"arms": {f"{site.mark}-copy": "treatment"}},
}
