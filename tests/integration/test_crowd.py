"""Ten thousand idle connections, as far as this machine lets one process have them open."""

import json
import resource
import socket
from contextlib import ExitStack
from pathlib import Path

from app.kit.open_files import RESERVED
from tests.integration.signpost import Worker, serving

WANTED = 10_000
BYTES_EACH = 24 * 1_024
ASK = b"GET /livez HTTP/1.1\r\nHost: shop\r\n\r\n"


def resident_bytes(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    [line] = [line for line in lines if line.startswith("VmRSS")]
    return int(line.split()[1]) * 1_024


def test_a_crowd_of_idle_connections_costs_little_memory_and_nobody_else_anything(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    crowd = min(WANTED, hard - 2 * RESERVED)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    # The last of the crowd push out the first of it, and never the one that asks.
    with serving(tmp_path / "data", CONNECTIONS=str(crowd)) as service, service.workers(1) as (worker,):
        key = {"Authorization": f"Bearer {service.keys['public_key']}"}
        decide(worker, key)
        before = resident_bytes(worker.pid)
        with ExitStack() as stack:
            for number in range(crowd + 100):
                connection = stack.enter_context(socket.create_connection(("127.0.0.1", service.port)))
                connection.sendall(ASK)
                assert connection.recv(1_000).startswith(b"HTTP/1.1 200 ")
                if number % 100 == 0:
                    decide(worker, key)
            each = (resident_bytes(worker.pid) - before) / crowd
            decide(worker, key)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

    assert each < BYTES_EACH


def decide(worker: Worker, key: dict[str, str]) -> None:
    body = {"visitor": {"id": "v-1"}, "placements": ["home.hero"]}
    status, answer = worker.ask("POST", "/decide", body, **key)
    assert (status, json.loads(answer)["visitor"]["id"]) == (200, "v-1")
