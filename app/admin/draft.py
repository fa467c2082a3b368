"""The draft of a site: one row for each resource, read and replaced as one document."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import nullcontext
from itertools import accumulate, chain, groupby
from operator import attrgetter
from typing import Any

import msgspec
from sqlalchemy import Text, cast, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.admin.audit import Entry, write_audit
from app.admin.authors import note_author
from app.admin.difference import Difference, Resource, differing, document_of
from app.kit.batches import in_batches
from app.kit.collector import no_full_collections
from app.kit.slices import in_slices
from app.kit.steps import Steps, each, letting_go
from app.storage.documents import SINGLES
from app.storage.tables import drafts
from app.web.etag import tagging
from app.web.keyring import Caller

# To send so many rows takes a millisecond or two; to take so many, a quarter of one.
_AT_ONCE = 100
_TAKEN_AT_ONCE = 25
# Any number of four bytes that nobody else locks together with a site: "drft" in ASCII.
_DRAFT_LOCK = int.from_bytes(b"drft")
# What is smaller makes no garbage that anybody would notice.
_LARGE_BYTES = 2**17


class Encoded(msgspec.Struct, frozen=True):
    """A draft as JSON, the same bytes until it changes, and the ETag of the whole document."""

    content: bytes
    etag: str


class Draft(msgspec.Struct, frozen=True):
    """A draft as it is stored, and the ETag of the whole document."""

    document: dict[str, Any]
    etag: str

    @property
    def is_empty(self) -> bool:
        """Whether nothing is in it."""
        return not self.document


async def lock_site(connection: AsyncConnection, site: int) -> None:
    """Let no other change of this site's draft begin until this transaction ends."""
    await connection.execute(select(func.pg_advisory_xact_lock(_DRAFT_LOCK, site)))


async def share_site(connection: AsyncConnection, site: int) -> None:
    """Let nobody lock the site until this transaction ends, and others who share it go on beside it.

    For a change of one resource: neither may it come between the check of a draft and its publication, nor
    shall it wait for changes of other resources. Who waits for the lock comes before those who ask later.
    """
    await connection.execute(select(func.pg_advisory_xact_lock_shared(_DRAFT_LOCK, site)))


async def load_draft(connection: AsyncConnection, site: int) -> Draft:
    """Read the draft; a site that never had one has an empty one."""
    texts = await _load_texts(connection, site)
    etag = await in_slices(tagging(_pieces(texts)))
    with no_full_collections() if _is_large(texts) else nullcontext():
        return Draft(await in_slices(_decoding(texts)), etag)


async def load_encoded(connection: AsyncConnection, site: int) -> Encoded:
    """Read the draft without taking it apart."""
    pieces = await in_slices(each(bytes, _pieces(await _load_texts(connection, site))))
    return Encoded(b"".join(pieces), await in_slices(tagging(pieces)))


async def load_etag(connection: AsyncConnection, site: int) -> str:
    """Read what the draft's ETag is."""
    return await in_slices(tagging(_pieces(await _load_texts(connection, site))))


async def _load_texts(connection: AsyncConnection, site: int) -> dict[str, list[str]]:
    """Read the resources of each kind in order, in pieces, each as JSON."""
    query = select(drafts.c.kind, cast(drafts.c.document, Text)).where(drafts.c.site_id == site)
    found = await connection.stream(query.order_by(drafts.c.kind, drafts.c.position, drafts.c.key))
    by_kind: dict[str, list[str]] = {}
    async for rows in found.partitions(_TAKEN_AT_ONCE):
        for kind, document in rows:
            by_kind.setdefault(kind, []).append(document)
    return document_of({kind: [texts] if kind in SINGLES else texts for kind, texts in by_kind.items()})


def _is_large(texts: Mapping[str, list[str]]) -> bool:
    """Look no further than it has to: even to ask thousands of resources for their lengths takes long."""
    return any(size > _LARGE_BYTES for size in accumulate(map(len, chain.from_iterable(texts.values()))))


def _pieces(texts: Mapping[str, list[str]]) -> Iterator[bytes]:
    """Write the document, a resource at a time: to join megabytes takes long, and an ETag needs no whole."""
    yield b"{"
    before = ""
    for kind, resources in texts.items():
        start, end = ("", b"") if kind in SINGLES else ("[", b"]")
        before += f'"{kind}":{start}'
        for resource in resources:
            yield f"{before}{resource}".encode()
            before = ","
        yield end
    yield b"}"


def _decoding(texts: Mapping[str, list[str]]) -> Steps[dict[str, Any]]:
    document = {}
    for kind, resources in texts.items():
        decoded: list[Any] = yield from each(msgspec.json.decode, resources)
        document[kind] = decoded[0] if kind in SINGLES else decoded
    return document


async def let_go(*documents: Mapping[str, Any]) -> None:
    """Empty the lists of documents, since to free thousands of resources at once would hold everybody up."""
    lists = (value for document in documents for value in document.values() if isinstance(value, list))
    await in_slices(letting_go(*lists))


# Resources that come and go one by one leave gaps, and two that come at once have one position.
_CLOSE_GAPS = text("""
    UPDATE drafts SET position = counted.position
    FROM (
        SELECT kind, key, row_number() OVER (PARTITION BY kind ORDER BY position, key) - 1 AS position
        FROM drafts WHERE site_id = :site_id
    ) AS counted
    WHERE site_id = :site_id AND drafts.kind = counted.kind AND drafts.key = counted.key
        AND drafts.position <> counted.position
""")


async def replace_draft(
    connection: AsyncConnection, caller: Caller, before: Draft, document: Mapping[str, Any]
) -> Difference:
    """Make the draft equal to a document; what stays the same keeps its version. The site must be locked."""
    await connection.execute(_CLOSE_GAPS, {"site_id": caller.site})
    change = await in_slices(differing(before.document, document))
    await _write(connection, caller.site, change)
    if change != Difference((), (), (), (), ()):
        await note_author(connection, caller)
    await write_audit(connection, caller, chain(_entries(change), _reorderings(change, before, document)))
    return change


# Many rows in one statement, as JSON: whatever PostgreSQL and its driver do for each statement, they do once.
# None of them joins, since how large a draft is the planner may not have heard yet. JSON is read in a SELECT
# of its own, once and not for each row.
_INSERT = text("""
    INSERT INTO drafts (site_id, kind, key, position, document)
    SELECT :site, :kind, key, position, document
    FROM jsonb_to_recordset(CAST(:given AS jsonb)) AS resource (key text, position integer, document jsonb)
""")
_HERE = "WHERE site_id = :site AND kind = :kind AND key = ANY (CAST(:keys AS text[]))"
_DELETE = text(f"DELETE FROM drafts {_HERE}")  # noqa: S608 - of a constant
_MOVE = text(f"UPDATE drafts SET position = CAST((SELECT CAST(:given AS jsonb)) ->> key AS integer) {_HERE}")  # noqa: S608 - of a constant
_REWRITE = text(f"""
    UPDATE drafts
    SET document = (SELECT CAST(:given AS jsonb)) -> key, version = version + 1, updated_at = now()
    {_HERE}
""")  # noqa: S608 - of a constant


async def _write(connection: AsyncConnection, site: int, change: Difference) -> None:
    rewritten = [now for _, now in change.changed]
    for here, _ in _batches(site, change.removed):
        await connection.execute(_DELETE, here)
    for here, some in _batches(site, change.added):
        await connection.execute(_INSERT, here | {"given": _json(some)})
    for here, some in _batches(site, rewritten):
        documents = {resource.key: resource.document for resource in some}
        await connection.execute(_REWRITE, here | {"given": _json(documents)})
    for here, some in _batches(site, chain(change.moved, _moved(change))):
        places = {resource.key: resource.position for resource in some}
        await connection.execute(_MOVE, here | {"given": _json(places)})


def _moved(change: Difference) -> Iterator[Resource]:
    return (now for was, now in change.changed if was.position != now.position)


def _batches(site: int, resources: Iterable[Resource]) -> Iterator[tuple[dict[str, Any], list[Resource]]]:
    """Take resources of one kind at a time, and say where they are."""
    for kind, alike in groupby(resources, key=attrgetter("kind")):
        for some in in_batches(alike, _AT_ONCE):
            yield {"site": site, "kind": kind, "keys": [resource.key for resource in some]}, some


def _json(given: object) -> str:
    return msgspec.json.encode(given).decode()


def _entries(change: Difference) -> Iterator[Entry]:
    for resource in change.removed:
        yield Entry("removed", resource.name, before=resource.document)
    for resource in change.added:
        yield Entry("added", resource.name, after=resource.document)
    for was, now in change.changed:
        yield Entry("changed", now.name, was.document, now.document)


def _reorderings(change: Difference, before: Draft, document: Mapping[str, Any]) -> Iterator[Entry]:
    for kind in change.reordered:
        was, now = ([each["key"] for each in listed[kind]] for listed in (before.document, document))
        yield Entry("reordered", kind, was, now)
