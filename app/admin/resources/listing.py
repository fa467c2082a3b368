"""Lists of resources: filtered, sorted and read in pages where they are stored."""

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any

import msgspec
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    DateTime,
    Integer,
    Row,
    Select,
    Subquery,
    Text,
    case,
    cast,
    func,
    literal,
    select,
    text,
    tuple_,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from app.admin.parts import Experiment, Rule
from app.admin.resources.address import Collection
from app.storage.tables import drafts
from app.web.paging import Page


class Asked(msgspec.Struct, frozen=True):
    """Which resources are asked for, and in which order; a `-` before the sort turns it round."""

    q: str | None = None
    sort: str = "position"
    status: str | None = None


_Number = Annotated[int, msgspec.Meta(ge=0, lt=2**31)]
_Key = Annotated[str, msgspec.Meta(pattern=r"^[^\x00]*$")]
_Microseconds = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]

# Each sort with the type of the place that a cursor names: the value sorted by, and the key.
_PLACES: Mapping[str, Any] = {
    "position": tuple[_Number, _Key],
    "key": tuple[_Key, _Key],
    "updated_at": tuple[_Microseconds, _Key],
    "priority": tuple[_Number, _Key],
}
_SORTED_BY: Mapping[str, Callable[[Subquery], ColumnElement[Any]]] = {
    "position": lambda listed: listed.c.position,
    "key": lambda listed: listed.c.key,
    "updated_at": lambda listed: cast(func.extract("epoch", listed.c.updated_at) * 1_000_000, BigInteger),
    "priority": lambda listed: func.coalesce(
        cast(listed.c.document["priority"].astext, Integer), Rule.model_fields["priority"].default
    ),
}
_STATUS: Mapping[str, Callable[[Subquery], ColumnElement[Any]]] = {
    "experiments": lambda listed: func.coalesce(
        listed.c.document["status"].astext, Experiment.model_fields["status"].default
    ),
    "rules": lambda listed: case(
        (listed.c.document["enabled"].astext == "false", "disabled"), else_="enabled"
    ),
}
# To find a text in a whole document is quick, and leaves few that must be taken apart to see whether it is
# in a value: names of fields are no text of anybody's.
_ANY_TEXT = """
    strpos(lower(CAST(listed.document AS text)), lower(:as_json)) > 0 AND EXISTS (
        SELECT FROM jsonb_path_query(listed.document, '$.** ? (@.type() == "string")') AS found (value)
        WHERE strpos(lower(found.value #>> '{}'), lower(:q)) > 0
    )
"""
_VARIANTS = """
    SELECT given.variant ->> 'key' AS key, CAST(given.place AS integer) AS position,
        given.variant AS document, updated_at
    FROM drafts, jsonb_array_elements(document -> 'variants') WITH ORDINALITY AS given (variant, place)
    WHERE site_id = :site AND kind = 'placements' AND drafts.key = :placement
"""


async def load_listing(
    connection: AsyncConnection, collection: Collection, asked: Asked, page: Page
) -> Sequence[Row[Any]]:
    """Read a page, each resource as its document and its place for a cursor, and one more if there is one.

    Raises:
        WrongContentError: the cursor is none of a list in this order.

    """
    name = asked.sort.removeprefix("-")
    after = page.after(_PLACES[name])
    listed = _listed(collection)
    value = _SORTED_BY[name](listed)
    query = select(listed.c.document, value.label("value"), listed.c.key).where(
        *_filters(collection, asked, listed)
    )
    ordered = _ordered(query, (value, listed.c.key), after, is_descending=asked.sort.startswith("-"))
    rows: Sequence[Row[Any]] = (await connection.execute(ordered.limit(page.limit + 1))).all()
    return rows


def _listed(collection: Collection) -> Subquery:
    if collection.kind.is_inside:
        variants = text(_VARIANTS).bindparams(site=collection.site, placement=collection.placement)
        typed = variants.columns(
            key=Text, position=Integer, document=JSONB, updated_at=DateTime(timezone=True)
        )
        return typed.subquery("listed")
    columns = select(drafts.c.key, drafts.c.position, drafts.c.document, drafts.c.updated_at)
    of_kind = columns.where(drafts.c.site_id == collection.site, drafts.c.kind == collection.kind.name)
    return of_kind.subquery("listed")


def _filters(collection: Collection, asked: Asked, listed: Subquery) -> list[ColumnElement[bool]]:
    filters: list[Any] = []
    if asked.q is not None:
        as_json = msgspec.json.encode(asked.q).decode()[1:-1]
        filters.append(text(_ANY_TEXT).bindparams(q=asked.q, as_json=as_json))
    if asked.status is not None:
        filters.append(_STATUS[collection.kind.name](listed) == asked.status)
    return filters


def _ordered(
    query: Select[Any],
    by: tuple[ColumnElement[Any], ColumnElement[str]],
    after: tuple[Any, str] | None,
    *,
    is_descending: bool,
) -> Select[Any]:
    if after is not None:
        here = tuple_(*by)
        place = tuple_(*(literal(part, column.type) for part, column in zip(after, by, strict=True)))
        query = query.where(here < place if is_descending else here > place)
    return query.order_by(*(column.desc() if is_descending else column.asc() for column in by))
