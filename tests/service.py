"""The real service, as `signpost serve` runs it, for tests from outside."""

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

START_S = 180.0
STOP_S = 60.0


@dataclass(frozen=True)
class Service:
    """A running service and how to reach it."""

    url: str
    public_key: str
    secret_key: str
    data_dir: Path
    process: subprocess.Popen[bytes]

    def publish(self, document: Mapping[str, Any]) -> int:
        """Make the draft equal to a document and publish it; answers the revision."""
        headers = {"Authorization": f"Bearer {self.secret_key}", "If-Match": "*"}
        httpx.put(f"{self.url}/api/v1/config", json=document, headers=headers).raise_for_status()
        made = httpx.post(f"{self.url}/api/v1/revisions", json={"comment": "test"}, headers=headers)
        number = int(made.raise_for_status().json()["number"])
        self._await_revision(number)
        return number

    def _await_revision(self, number: int) -> None:
        body = {"visitor": {"id": "nobody"}, "placements": ["none"]}
        headers = {"Authorization": f"Bearer {self.secret_key}"}
        deadline = time.monotonic() + 5
        while httpx.post(f"{self.url}/decide", json=body, headers=headers).json()["revision"] < number:
            assert time.monotonic() < deadline, "the revision does not arrive"
            time.sleep(0.02)


def free_port() -> int:
    """Find a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(data_dir: Path, **settings: str) -> Iterator[Service]:
    """Run `signpost serve` in a folder until the block ends; `settings` are environment variables."""
    port = free_port()
    public_key, secret_key = f"pk_{secrets.token_hex(16)}", f"sk_{secrets.token_hex(16)}"
    environment = {
        **os.environ,
        "SIGNPOST_DATA_DIR": str(data_dir),
        "SIGNPOST_PORT": str(port),
        "SIGNPOST_SITE_KEY": public_key,
        "SIGNPOST_ADMIN_KEY": secret_key,
        **settings,
    }
    with (data_dir / "service.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "app.cli", "serve"], env=environment, stdout=log, stderr=subprocess.STDOUT
        )
        service = Service(f"http://127.0.0.1:{port}", public_key, secret_key, data_dir, process)
        try:
            _await_ready(service)
            yield service
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(STOP_S)


def _await_ready(service: Service) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and service.process.poll() is None:
        try:
            if httpx.get(f"{service.url}/readyz").status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    raise AssertionError((service.data_dir / "service.log").read_text())
