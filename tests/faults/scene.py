"""What a fault is injected into, and what a fault is."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from random import Random
from typing import NamedTuple

import asyncpg

from tests.faults.cutter import Cutter
from tests.faults.load import Load
from tests.faults.service import Service


@dataclass
class Scene:
    """A service under load. `turn` counts the injections of this fault; durations are seconds.

    The worker that is `spared` is not killed alone.
    """

    service: Service
    load: Load
    random: Random
    cutter: Cutter
    stopped_s: float
    frozen_s: float
    turn: int = 0
    spared: int = 0

    async def connect(self) -> asyncpg.Connection:
        """Look into PostgreSQL behind the service's back."""
        return await asyncpg.connect(
            host=str(self.service.place.sockets), user="postgres", database="signpost"
        )


class Fault(NamedTuple):
    """A way to break something. `through` runs the service with a proxy before its PostgreSQL."""

    key: str
    says: str
    inject: Callable[[Scene], Awaitable[None]]
    through: bool = False


class NotInjectedError(Exception):
    """The fault did not come about, so that surviving it would say nothing."""
