"""Telling a decision again, from what it was taken on and the revision that was in force."""

from functools import partial
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from app.admin.decisions import repository
from app.decision.explain import traces_of
from app.decision.inputs import Basis, decode_basis
from app.engine.evaluate import evaluate
from app.engine.problems import Problems
from app.engine.ruleset import Ruleset
from app.kit.ids import instant_in
from app.rulesets.others import OtherRulesets
from app.web.answer import answer_of, explained
from app.web.keyring import Caller
from app.web.problems import ConflictError, NotFoundError


async def tell_again(
    connection: AsyncConnection, caller: Caller, others: OtherRulesets, decision_id: str
) -> dict[str, Any]:
    """Take a logged decision once more, and set beside it what was logged of it.

    Raises:
        NotFoundError: there is none of this id, or none that was kept.
        ConflictError: another version of the program wrote it, and this one can no longer read it.

    """
    at = instant_in(decision_id)
    found = None
    if at is not None:
        found = await repository.find_decision(connection, caller.site, decision_id, at)
    if found is None or at is None:
        raise NotFoundError(f"there is no decision {decision_id!r}, or none that was kept")
    load = partial(repository.get_document, connection, caller.site, found["revision"])
    try:
        basis = decode_basis(found["asked"])
        ruleset = await others.revision(caller.site, found["revision"], load)
    except (msgspec.DecodeError, Problems) as error:
        raise ConflictError(f"another version of the program took this decision: {error}") from error
    logged = await repository.list_assignments(connection, caller.site, decision_id, at)
    return {
        **await _told(basis, ruleset, decision_id),
        "at": basis.now,
        "logged": [dict(assignment) for assignment in logged],
    }


async def _told(basis: Basis, ruleset: Ruleset, decision_id: str) -> dict[str, Any]:
    standing = basis.standing
    decision = evaluate(ruleset, basis.seen_by(ruleset), basis.placements, refused=basis.refused)
    told = answer_of(decision_id, standing.visitor, decision)
    told["visitor"]["user_id"] = standing.user
    return told | explained(decision, await traces_of(basis, ruleset))
