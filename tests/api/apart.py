"""Seeing that two sites know nothing of each other."""

import re
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from httpx import Response

from tests.api.furnished import Furnished

_IDS = """
    SELECT id::text FROM keys WHERE site_id = $1 UNION ALL
    SELECT id::text FROM webhooks WHERE site_id = $1 UNION ALL
    SELECT webhook_deliveries.id::text FROM webhook_deliveries JOIN webhooks ON webhooks.id = webhook_id
        WHERE site_id = $1 UNION ALL
    SELECT id::text FROM scheduled_revisions WHERE site_id = $1 UNION ALL
    SELECT id::text FROM runs WHERE site_id = $1 UNION ALL
    SELECT id::text FROM decisions WHERE site_id = $1 UNION ALL
    SELECT identity_secret FROM sites WHERE id = $1 UNION ALL
    SELECT preview_secret FROM sites WHERE id = $1
"""
# More than a site of a test will ever have.
_NO_REVISION = "999"
_DECISION = re.compile(r'"decision_id":"[^"]+"')
_APART = {"x-request-id", "content-length", "server-timing"}


@asynccontextmanager
async def untouched(site: Furnished) -> AsyncIterator[None]:
    """See that nothing of a site is changed meanwhile."""
    before = await site.footprint()
    yield
    assert await site.footprint() == before


async def told_of(site: Furnished, answer: Response) -> list[str]:
    """List what an answer tells of a site: the names there bear its mark, and the rest has ids."""
    ids = [row[0] for row in await site.postgres.pool.fetch(_IDS, site.site.site_id)]
    text = f"{answer.text} {answer.headers}"
    return [known for known in (site.mark, *ids) if known in text]


def said(answer: Response, names: Mapping[str, str]) -> tuple[int, str, dict[str, str]]:
    """Give all of an answer, but for the names that were asked for and the id that each decision has."""
    text = _DECISION.sub("", answer.text)
    for name, value in names.items():
        # As a whole, not as a part of another name.
        text = re.sub(rf"(?<![\w-]){re.escape(value)}(?![\w-])", f"<{name}>", text)
    return answer.status_code, text, {name: v for name, v in answer.headers.items() if name not in _APART}


def nobodys(value: str) -> str:
    """Make up a name of the same shape that nobody has."""
    if value.isdigit():
        return _NO_REVISION
    try:
        # What sorts by time still does.
        return f"{uuid.UUID(value)}"[:-12] + uuid.uuid4().hex[:12]
    except ValueError:
        return f"{value}-of-nobody"
