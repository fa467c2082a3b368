"""One attempt to bring a message to a receiver, by HTTP."""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from ipaddress import ip_address
from types import TracebackType
from typing import Self, TypeAlias

import httpx
import msgspec

from app.admin.webhooks.reach import Address, Reach

TIMEOUT_S = 10.0
# What is kept of an answer, to be read in the log of deliveries.
ANSWER_BYTES = 1_024
_ADDRESSES = 3

_HEADERS = {
    "Content-Type": "application/json",
    "User-Agent": "Signpost-Webhooks",
    # Nothing that is unpacked can be larger than it looks.
    "Accept-Encoding": "identity",
}
_FAILURES = (httpx.HTTPError, httpx.InvalidURL, OSError, TimeoutError, ValueError)


LookUp: TypeAlias = Callable[[str], Awaitable[Sequence[Address]]]


async def look_up(host: str) -> Sequence[Address]:
    """Find the addresses of a host, as this machine knows them; raises OSError where there are none."""
    found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return [ip_address(place[0]) for *_, place in found]


class Answer(msgspec.Struct, frozen=True):
    """What came of an attempt: a status and the beginning of what was said, or why there is none."""

    code: int | None = None
    text: str = ""
    error: str | None = None

    @property
    def is_taken(self) -> bool:
        """Whether the receiver has the message."""
        return self.code is not None and 200 <= self.code < 300  # noqa: PLR2004 - 2xx, as HTTP has it


class Post:
    """Sends to where `reach` lets it, and follows no redirect; `trust` says whose certificates count."""

    def __init__(
        self,
        reach: Reach,
        *,
        timeout_s: float = TIMEOUT_S,
        trust: ssl.SSLContext | None = None,
        look_up: LookUp = look_up,
    ) -> None:
        self._reach = reach
        self._look_up = look_up
        self._timeout_s = timeout_s
        self._client = httpx.AsyncClient(
            verify=trust or httpx.create_ssl_context(),
            trust_env=False,
            timeout=timeout_s,
            # A connection belongs to one address and one name: none is taken over for another.
            limits=httpx.Limits(max_keepalive_connections=0),
        )

    async def __aenter__(self) -> Self:
        """Have it closed at the end."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close what is open."""
        await self._client.aclose()

    async def send(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Post a body within the time that there is; every failure is an answer too."""
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._send(httpx.URL(url), {**_HEADERS, **headers}, body)
        except TimeoutError:
            return Answer(error=f"no answer within {self._timeout_s:g} s")
        except _FAILURES as error:
            return Answer(error=f"{type(error).__name__}: {error}"[:ANSWER_BYTES])

    async def _send(self, url: httpx.URL, headers: dict[str, str], body: bytes) -> Answer:
        addresses = await self._addresses_of(url)
        if not addresses:
            return Answer(error="leads to a private address, which SIGNPOST_WEBHOOK_NETWORKS does not name")
        for address in addresses[:-1]:
            try:
                return await self._send_to(address, url, headers, body)
            except httpx.ConnectError:
                continue
        return await self._send_to(addresses[-1], url, headers, body)

    async def _addresses_of(self, url: httpx.URL) -> list[Address]:
        """Resolve the host, and keep the addresses that may be reached."""
        found = await self._look_up(url.raw_host.decode())
        within = [each for each in found if self._reach.allows(each)]
        # Plain HTTP never leaves this machine, whatever a name stands for by now.
        allowed = within if url.scheme == "https" else [each for each in within if each.is_loopback]
        return allowed[:_ADDRESSES]

    async def _send_to(
        self, address: Address, url: httpx.URL, headers: dict[str, str], body: bytes
    ) -> Answer:
        """Send to an address that was looked at, so that the name cannot mean another one meanwhile."""
        request = self._client.build_request(
            "POST",
            url.copy_with(host=str(address)),
            headers={**headers, "Host": url.netloc.decode()},
            content=body,
            extensions={"sni_hostname": url.raw_host.decode()},
        )
        response = await self._client.send(request, stream=True)
        try:
            return Answer(response.status_code, await _beginning(response))
        finally:
            await response.aclose()


async def _beginning(response: httpx.Response) -> str:
    content = b""
    async for chunk in response.aiter_raw():
        content += chunk
        if len(content) >= ANSWER_BYTES:
            break
    # PostgreSQL cannot store U+0000.
    return content[:ANSWER_BYTES].decode(errors="replace").replace("\x00", "\ufffd")
