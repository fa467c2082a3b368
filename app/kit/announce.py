"""Saying that a server is there once it is."""

import socket
import threading
import time

from app.kit.listener import is_listening

WAIT_S = 60.0
_STEP_S = 0.05


def announce_when_listening(listener: socket.socket, text: str) -> threading.Thread:
    """Print a text as soon as a server listens; give up in silence after a minute."""

    def announce() -> None:
        deadline = time.monotonic() + WAIT_S
        while listener.fileno() >= 0 and time.monotonic() < deadline:
            if is_listening(listener):
                print(text, flush=True)  # noqa: T201 - this is what it is for
                return
            time.sleep(_STEP_S)

    thread = threading.Thread(target=announce, daemon=True)
    thread.start()
    return thread
