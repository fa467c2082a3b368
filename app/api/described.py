"""`GET /openapi.json`: the document of every route, which takes a second or two to make."""

import asyncio
import sys
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from app.kit.started import Started

router = APIRouter(include_in_schema=False)

COMMAND = (sys.executable, "-m", "app.cli", "openapi")


class Described:
    """The document, made once and in a process of its own: here no decision could be taken meanwhile."""

    def __init__(self, *command: str) -> None:
        self._command = command or COMMAND
        self._turn = asyncio.Lock()
        self._document = b""

    async def document(self) -> bytes:
        """Answer it as JSON.

        Raises:
            ChildProcessError: it could not be made; the next who asks tries again.

        """
        async with self._turn:
            self._document = self._document or await _printed_by(*self._command)
        return self._document


async def _printed_by(*command: str) -> bytes:
    process = await Started.begin(*command)
    try:
        printed = await process.communicate()
    finally:
        process.kill()
        await process.wait()
    if process.returncode:
        raise ChildProcessError(f"{' '.join(command)} ended with {process.returncode}")
    return printed


async def _described(request: Request) -> Described:
    described: Described = request.app.state.described
    return described


@router.get("/openapi.json")
async def openapi(described: Annotated[Described, Depends(_described)]) -> Response:
    """Answer the document."""
    return Response(await described.document(), media_type="application/json")
