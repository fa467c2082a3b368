"""How a revision or the draft differs from another."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from app.admin.details import ReadableChanges, detailing
from app.admin.difference import differing
from app.admin.draft import load_draft
from app.admin.revisions import repository
from app.admin.revisions.phases import without_phases
from app.admin.revisions.schemas import Version
from app.kit.slices import in_slices
from app.kit.steps import letting_go
from app.web.problems import NotFoundError


async def compare(
    connection: AsyncConnection, site: int, version: Version, against: Version | None
) -> ReadableChanges:
    """Say what changed from one version to another, field by field too.

    By default from the one before: the latest revision before the draft, and nothing before the first.

    Raises:
        NotFoundError: there is no such revision.

    """
    earlier = await _before(connection, site, version) if against is None else against
    after = await load_version(connection, site, version)
    before = await load_version(connection, site, earlier) if earlier else {}
    if "draft" in {version, earlier}:
        # Editors say nothing of phases, so that only revisions have them.
        before, after = without_phases(before), without_phases(after)
    told = await _told(before, after)
    # To free thousands of resources at once would hold everybody up.
    owned = [each for document in (before, after) for each in document.values() if isinstance(each, list)]
    await in_slices(letting_go(*owned))
    return told


async def _told(before: Mapping[str, Any], after: Mapping[str, Any]) -> ReadableChanges:
    change = await in_slices(differing(before, after))
    details = await in_slices(detailing(change))
    return ReadableChanges(**change.pointers().model_dump(), details=details)


async def load_version(connection: AsyncConnection, site: int, version: Version) -> Mapping[str, Any]:
    """Read the document of a revision, or the draft; raises NotFoundError."""
    if version == "draft":
        return (await load_draft(connection, site)).document
    if not await repository.has_revision(connection, site, version):
        raise NotFoundError(f"there is no revision {version}")
    return await repository.load_plain(connection, site, version)


async def _before(connection: AsyncConnection, site: int, version: Version) -> int:
    if version == "draft":
        return await repository.find_latest_number(connection, site)
    return version - 1
