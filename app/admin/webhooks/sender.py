"""What sends the messages that wait: in each host's shipper, one at a time to each webhook."""

import asyncio
import logging
import random
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

import asyncpg

from app.admin.webhooks import outbox
from app.admin.webhooks.backoff import next_attempt
from app.admin.webhooks.outbox import Waiting
from app.admin.webhooks.post import Answer, Post
from app.admin.webhooks.signature import signed
from app.kit import clock
from app.storage.attempts import Attempts

POLL_S, RETRY_S = 0.5, 2.0
# So many webhooks at once, and so many messages to one before others have its place.
AT_ONCE, IN_A_TURN = 64, 20
GONE = 410

_log = logging.getLogger(__name__)


class Sender:
    """Sends each message until it is taken, given up or not wanted any more; a slow receiver stops no other.

    A webhook is sent to by one process at a time. One that dies leaves what it had begun to the next, which
    sends it again under the same `webhook-id`.
    """

    def __init__(
        self,
        pool: asyncpg.Pool,
        post: Post,
        *,
        now: Callable[[], datetime] = clock.now,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._pool = pool
        self._post = post
        self._now = now
        self._chance = chance
        self._serving: set[asyncio.Task[None]] = set()
        self._attempts = Attempts(_log, "looking for webhooks")

    async def run(self) -> None:
        """Send what waits until cancelled. No failure ends it."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                pause_s = await self._begin(tasks)
                await asyncio.sleep(pause_s)

    async def send_due(self) -> None:
        """Send what is due now, and return once all of it was tried."""
        async with asyncio.TaskGroup() as tasks:
            await self._begin(tasks)

    async def _begin(self, tasks: asyncio.TaskGroup) -> float:
        """Begin to serve whoever waits and has a place; gives how long to pause then."""
        with self._attempts as attempt:
            for webhook in await outbox.claim(self._pool, self._now(), AT_ONCE - len(self._serving)):
                task = tasks.create_task(self._serve(webhook))
                self._serving.add(task)
                task.add_done_callback(self._serving.discard)
        return RETRY_S if attempt.failed else POLL_S

    async def _serve(self, webhook: UUID) -> None:
        # One webhook must not end the others; its lease runs out.
        with Attempts(_log, f"sending to the webhook {webhook}"):
            try:
                await self._send_all(webhook)
            finally:
                await outbox.release(self._pool, webhook)

    async def _send_all(self, webhook: UUID) -> None:
        for _ in range(IN_A_TURN):
            waiting = await outbox.find_next(self._pool, webhook, self._now())
            if waiting is None:
                return
            headers = signed(waiting.secrets, str(waiting.id), self._now(), waiting.body)
            await self._conclude(waiting, await self._post.send(waiting.url, headers, waiting.body))

    async def _conclude(self, waiting: Waiting, answer: Answer) -> None:
        now = self._now()
        if answer.code == GONE:
            await outbox.disable(self._pool, waiting.webhook_id, "the receiver answered 410 Gone")
        done = answer.is_taken or answer.code == GONE
        again = None if done else next_attempt(waiting.attempts + 1, waiting.since, now, self._chance())
        await outbox.record(self._pool, waiting, answer, now, again)
