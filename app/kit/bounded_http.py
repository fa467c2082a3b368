"""How a worker comes to bounded connections."""

import asyncio
from typing import Any

from uvicorn.config import Config
from uvicorn.server import ServerState

from app.kit.bounded_protocol import BoundedProtocol
from app.kit.http_bounds import Bounds, Limits


class BoundedHttp:
    """What `uvicorn.Config(http=...)` takes: makes the connections of one worker, all within the same bounds.

    It goes into each worker's process by pickle, so it holds nothing but limits until the first connection.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._bounds: Bounds | None = None

    def __call__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> BoundedProtocol:
        """Make one connection."""
        if self._bounds is None:
            loop = _loop or asyncio.get_running_loop()
            self._bounds = Bounds(self._limits, server_state.connections, loop)
        return BoundedProtocol(self._bounds, config, server_state, app_state)
