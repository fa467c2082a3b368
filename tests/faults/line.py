"""A connection of which is known which worker process is at its other end."""

import re

from loadtests.connection import Answer, Connection, UnansweredError
from loadtests.service import Target

# Whoever waits longer than this for an answer has left the page.
PATIENCE_S = 10.0
_PID = re.compile(rb'signpost_process_info\{pid="(\d+)"\}')


class Line:
    """Opened by `open`, which asks who answers. It never goes over to another worker unseen."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._connection: Connection | None = None
        self.pid = 0

    @property
    def is_open(self) -> bool:
        """Whether a worker is at the other end."""
        return self._connection is not None

    async def open(self) -> None:
        """Connect anew; raises UnansweredError."""
        await self.close()
        connection = self._target.connection(PATIENCE_S)
        try:
            answer = await connection.send(self._target.head("GET", "/metrics", self._target.public_key))
            self.pid = int(_PID.findall(answer.body)[0])
        except (UnansweredError, IndexError) as error:
            await connection.close()
            raise UnansweredError(str(error)) from error
        self._connection = connection

    async def send(self, head: bytes, body: bytes) -> Answer:
        """Ask this worker; raises UnansweredError, and is closed then."""
        if self._connection is None:
            raise UnansweredError("the line is closed")
        try:
            return await self._connection.send(head, body)
        except UnansweredError:
            await self.close()
            raise

    async def close(self) -> None:
        """Hang up."""
        if self._connection is not None:
            await self._connection.close()
        self._connection = None
