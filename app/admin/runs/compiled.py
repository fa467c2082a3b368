"""Documents compiled in the process that does runs; it gives way to others meanwhile."""

from collections.abc import Awaitable
from typing import Any, NamedTuple

import asyncpg

from app.admin.runs.claims import RunFailed
from app.engine.compile import compiling, parsing
from app.engine.model import Document
from app.engine.problems import Problems
from app.engine.ruleset import Ruleset
from app.kit.slices import in_slices
from app.kit.steps import Steps
from app.storage.documents import load_document

# Nobody decides here: others are only to say now and then that the process is alive.
SLICE_S = 0.05

_LATEST = "SELECT max(number) FROM revisions WHERE site_id = $1"
_EXISTS = "SELECT EXISTS (SELECT FROM revisions WHERE site_id = $1 AND number = $2)"


class Compiled(NamedTuple):
    """A document with every default filled in, and its ruleset."""

    document: Document
    ruleset: Ruleset


async def compile_revision(pool: asyncpg.Pool, site: int, number: int) -> Compiled:
    """Compile a revision; raises RunFailed where there is none, or none that this version understands."""
    async with pool.acquire() as connection, connection.transaction():
        if not await connection.fetchval(_EXISTS, site, number):
            raise RunFailed(f"there is no revision {number}")
        plain = await load_document(connection, site, number)
    return await compiled(plain, number, f"revision {number}")


async def latest_revision(pool: asyncpg.Pool, site: int) -> int:
    """Number the revision in force; raises RunFailed where nothing is published."""
    number: int | None = await pool.fetchval(_LATEST, site)
    if number is None:
        raise RunFailed("nothing is published yet")
    return number


async def compiled(plain: dict[str, Any], number: int, name: str) -> Compiled:
    """Compile a document; raises RunFailed with all that keeps it from compiling."""
    working: Awaitable[Compiled] = in_slices(_compiling(plain, number), slice_s=SLICE_S)
    try:
        return await working
    except Problems as error:
        raise RunFailed(
            f"{name} does not compile; `errors` names each place in it", error.problems
        ) from error


def _compiling(plain: dict[str, Any], number: int) -> Steps[Compiled]:
    document = yield from parsing(plain)
    return Compiled(document, (yield from compiling(document, number)))
