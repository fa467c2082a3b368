"""`Idempotency-Key`: who asks again, since an answer was lost on the way, gets that answer.

The answer is stored in the transaction that it tells of, so that neither is ever there without the other.
An answer that must not be stored, since a secret is in it, is told once: asked again, it says what was made.
"""

import hashlib
import uuid
from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from fastapi import Depends, Header, Request, Response
from sqlalchemy import RowMapping, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from app.engine.problems import Problem
from app.storage.answer_tables import idempotent_answers
from app.web.auth import caller_of
from app.web.keyring import Caller
from app.web.problems import PROBLEM_JSON, ConflictError, WrongContentError, problem_response_body
from app.web.session import Session

_HEADERS = ("content-type", "etag", "location")
_YOUNG = idempotent_answers.c.at > func.now() - text("interval '24 hours'")


class AnsweredBefore(Exception):  # noqa: N818 - nothing is wrong: the answer is at hand
    """The request was answered before, and this is the answer."""

    def __init__(self, response: Response) -> None:
        super().__init__("answered before")
        self.response = response


class _Claim(msgspec.Struct, frozen=True):
    """The right to answer a request for the first time, held until the transaction ends."""

    connection: AsyncConnection
    row: Mapping[str, Any]


async def _claim(
    request: Request,
    session: Session,
    idempotency_key: Annotated[
        str | None,
        Header(
            min_length=1,
            max_length=257,
            pattern=r"^[\x20-\x7e]+$",
            description="Your name for this request: sent again within 24 hours, it answers the same again.",
            examples=['"8e03978e-40d5-43dd-bc93-6894a57f9324"'],
        ),
    ] = None,
) -> None:
    if idempotency_key is None:
        return
    caller = caller_of(request)
    row: dict[str, Any] = {
        "site_id": caller.site,
        "key_id": uuid.UUID(caller.key_id),
        # As a string of a structured header it has quotes around it, and not everybody writes them.
        "idempotency_key": idempotency_key.strip('"'),
        "request": _hash_of(request),
    }
    await _lock(session, caller, row["idempotency_key"])
    known = await _find(session, row)
    if known is None:
        request.state.claim = _Claim(session, row)
    elif known["request"] != row["request"]:
        wrong = Problem("header:idempotency-key", "was sent with another request before: take a new one")
        raise WrongContentError([wrong])
    else:
        raise AnsweredBefore(Response(known["body"], known["status"], known["headers"]))


Idempotent = Annotated[None, Depends(_claim)]
"""What a POST takes, behind its caller, to mind the `Idempotency-Key`."""


async def keep_answer(request: Request, response: Response) -> None:
    """Store the answer of a request that came with a key; its transaction must still be open."""
    claim: _Claim | None = getattr(request.state, "claim", None)
    if claim is None:
        return
    if response.headers.get("cache-control") == "no-store":
        response = _made_before(response)
    headers = {name: response.headers[name] for name in _HEADERS if name in response.headers}
    row = {**claim.row, "status": response.status_code, "headers": headers, "body": bytes(response.body)}
    # What is older than a day may still be there.
    anew = insert(idempotent_answers).values(row)
    anew = anew.on_conflict_do_update(
        constraint=idempotent_answers.primary_key, set_={**row, "at": func.now()}
    )
    await claim.connection.execute(anew)


def _made_before(response: Response) -> Response:
    location = response.headers.get("location")
    made = "this was done" if location is None else f"{location} was made"
    told = f"{made} by this Idempotency-Key before, and its secret is told once: rotate it to have another"
    headers = {} if location is None else {"Location": location}
    return Response(problem_response_body(409, told), 409, headers, PROBLEM_JSON)


def _hash_of(request: Request) -> bytes:
    content: bytes = getattr(request.state, "content", b"")
    asked = f"{request.method} {request.url.path}?{request.url.query}\n".encode()
    return hashlib.blake2b(asked + content, digest_size=32).digest()


async def _lock(connection: AsyncConnection, caller: Caller, key: str) -> None:
    """Keep all others with the same key away until the transaction ends; raises ConflictError."""
    number = hashlib.blake2b(f"{caller.key_id} {key}".encode(), digest_size=8).digest()
    lock = select(func.pg_try_advisory_xact_lock(int.from_bytes(number, signed=True)))
    if not (await connection.execute(lock)).scalar_one():
        raise ConflictError("a request with this Idempotency-Key is under way: ask again when it is done")


async def _find(connection: AsyncConnection, row: Mapping[str, Any]) -> RowMapping | None:
    table = idempotent_answers
    found = await connection.execute(
        select(table.c.request, table.c.status, table.c.headers, table.c.body).where(
            table.c.key_id == row["key_id"], table.c.idempotency_key == row["idempotency_key"], _YOUNG
        )
    )
    return found.mappings().one_or_none()
