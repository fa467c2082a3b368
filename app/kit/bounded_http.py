"""How a worker comes to bounded connections."""

import asyncio
from typing import Any

from uvicorn.config import Config
from uvicorn.server import ServerState

from app.kit.answer_bytes import AnswerBytes
from app.kit.bounded_protocol import BoundedProtocol
from app.kit.direct_protocol import DirectProtocol, Shared
from app.kit.http_bounds import Bounds, Limits
from app.kit.known_heads import KnownHeads


class BoundedHttp:
    """What `uvicorn.Config(http=...)` takes: makes the connections of one worker, all within the same bounds.

    An app that answers some requests directly is asked so where uvicorn is not told to do anything with them.
    It goes into each worker's process by pickle, so it holds nothing but limits until the first connection.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._bounds: Bounds | None = None
        self._shared: Shared | None = None

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
            self._shared = _shared(config, self._bounds)
        if self._shared is None:
            return BoundedProtocol(self._bounds, config, server_state, app_state)
        return DirectProtocol(self._shared, config, server_state, app_state)


def _shared(config: Config, bounds: Bounds) -> Shared | None:
    app: Any = config.loaded_app
    is_left_alone = not config.root_path and not config.access_log and config.limit_concurrency is None
    return (
        Shared(app, bounds, AnswerBytes(), KnownHeads())
        if is_left_alone and hasattr(app, "directly")
        else None
    )
