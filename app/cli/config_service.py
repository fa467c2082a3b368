"""The draft of one site, asked for over HTTP."""

from collections.abc import Iterator
from types import TracebackType
from typing import Any, Self

import httpx

from app.cli.terminal import CommandError

TIMEOUT_S = 60.0
# What is wrong is what was sent, or that the draft is another one by now.
_UNSOUND = frozenset({400, 409, 412, 413, 422})


class ConfigService:
    """A service, and the key of one of its sites. Whatever it refuses, or if it is away, is a CommandError.

    Its code is 1 where the document is at fault, or the draft has changed; else 2.
    """

    def __init__(self, url: str, key: str, transport: httpx.BaseTransport | None = None) -> None:
        self.url = url
        headers = {"Authorization": f"Bearer {key}"}
        try:
            self._client = httpx.Client(base_url=url, headers=headers, timeout=TIMEOUT_S, transport=transport)
        except (httpx.InvalidURL, UnicodeError) as error:
            raise CommandError(2, f"{url} cannot be asked: {error}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def get(self, kind: str) -> tuple[bytes, str]:
        """Read the draft, as JSON or YAML, and its ETag."""
        response = self._ask("GET", "config", headers={"Accept": kind})
        return response.content, response.headers["etag"]

    def compare(self, document: Any, if_match: str | None) -> tuple[dict[str, Any], str]:
        """Ask what a document would change, and the ETag of the draft that it is compared with."""
        return self._put(document, if_match, {"dry_run": "true"})

    def replace(self, document: Any, if_match: str) -> tuple[dict[str, Any], str]:
        """Make the draft equal to a document; gives what that changed and the ETag then."""
        return self._put(document, if_match, {})

    def publish(self, comment: str) -> dict[str, Any]:
        """Publish the draft; gives the revision."""
        published: dict[str, Any] = self._ask("POST", "revisions", json={"comment": comment}).json()
        return published

    def _put(self, document: Any, if_match: str | None, params: dict[str, str]) -> tuple[dict[str, Any], str]:
        headers = {} if if_match is None else {"If-Match": if_match}
        response = self._ask("PUT", "config", json=document, headers=headers, params=params)
        return response.json(), response.headers["etag"]

    def _ask(self, method: str, path: str, **said: Any) -> httpx.Response:
        try:
            response = self._client.request(method, f"/api/v1/{path}", **said)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise CommandError(
                2, f"{self.url} cannot be asked: {str(error) or type(error).__name__}"
            ) from error
        if response.is_success:
            return response
        code = 1 if response.status_code in _UNSOUND else 2
        raise CommandError(code, "\n".join(_refusal(f"{method} {response.url}", response)))


def _refusal(asked: str, response: httpx.Response) -> Iterator[str]:
    """Tell a problem, each wrong place on a line; also what is none, such as a proxy's page."""
    try:
        problem = response.json()
        told, errors = problem["detail"], problem.get("errors", [])
    except (ValueError, TypeError, KeyError):
        told, errors = response.reason_phrase, []
    yield f"{asked}: {response.status_code} {told}"
    for error in errors:
        yield f"  {error['pointer'] or '/'}: {error['message']}"
