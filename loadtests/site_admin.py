"""What a replay asks of the admin API: publish a site, read an experiment's results."""

from typing import Any
from urllib.parse import quote

import msgspec

from loadtests.answers import Results, read_results
from loadtests.connection import Answer, Connection, UnansweredError
from loadtests.service import ServiceError, Target


class SiteAdmin:
    """The admin side of one site."""

    def __init__(self, target: Target) -> None:
        self._target = target
        # Results of a long replay are worked out from many rows.
        self._connection: Connection = target.connection(timeout_s=120)

    async def publish(self, document: dict[str, Any]) -> int:
        """Make the draft equal to a document and publish it; answers the revision's number."""
        draft = await self._ask("GET", "/api/v1/config")
        etag = draft.header("etag")
        known = {"If_Match": etag} if etag is not None else {}
        await self._ask("PUT", "/api/v1/config", document, **known)
        published = await self._ask("POST", "/api/v1/revisions", {"comment": "The demo site of a replay"})
        number: int = msgspec.json.decode(published.body)["number"]
        return number

    async def results(self, experiment: str) -> Results:
        """Read an experiment's results; raises ServiceError where there are none of the known shape."""
        body = await self.raw_results(experiment)
        try:
            return read_results(body)
        except msgspec.DecodeError as error:
            raise ServiceError(f"results of {experiment}: an answer of another shape: {error}") from error

    async def raw_results(self, experiment: str) -> bytes:
        """Read an experiment's results as JSON; raises ServiceError where there are none."""
        answer = await self._ask("GET", f"/api/v1/experiments/{quote(experiment, safe='')}/results")
        return answer.body

    async def close(self) -> None:
        """Close the connection."""
        await self._connection.close()

    async def _ask(self, method: str, path: str, document: object = None, **headers: str) -> Answer:
        head = self._target.head(method, path, self._target.secret_key, **headers)
        body = b"" if document is None else msgspec.json.encode(document)
        try:
            answer = await self._connection.send(head, body)
        except UnansweredError as error:
            raise ServiceError(f"{method} {path}: {error}") from error
        if not answer.ok:
            raise ServiceError(f"{method} {path}: {answer.status} {answer.body.decode(errors='replace')}")
        return answer
