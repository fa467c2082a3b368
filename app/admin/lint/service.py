"""What is found in the draft, or in a revision."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from app.admin.draft import let_go, load_draft
from app.admin.findings import Lint, Linter
from app.admin.lint import repository
from app.engine.problems import Problems
from app.kit.clock import now
from app.web.keyring import Caller
from app.web.problems import NotFoundError, ProblemError

WITHIN_S = 10.0


async def load_document(connection: AsyncConnection, caller: Caller, revision: int | None) -> dict[str, Any]:
    """Read the draft, or a revision; raises NotFoundError where there is no such revision."""
    if revision is None:
        return (await load_draft(connection, caller.site)).document
    if not await repository.has_revision(connection, caller.site, revision):
        raise NotFoundError(f"there is no revision {revision}")
    return await repository.load_revision(connection, caller.site, revision)


async def lint(linter: Linter, document: dict[str, Any]) -> Lint:
    """Look at a document and empty it; raises ProblemError with all that keeps it from being published."""
    try:
        return await linter.lint(document, now(), within_s=WITHIN_S)
    except Problems as error:
        told = "this does not compile; `errors` names each place in it"
        raise ProblemError(422, told, errors=error.problems) from error
    finally:
        await let_go(document)
