"""`wrk`, Debian's load generator: as many requests as a server answers, each of another visitor."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from loadtests.speed.pages import AGENTS, decide_body, request
from loadtests.speed.visitors import visitor_id

_SCRIPT = """
local heads = {{ {heads} }}
local before, between, after = {before}, {between}, {after}
local first, last = {first}, {last}
local n = first - 1
request = function()
  n = n + 1
  if n > last then n = first end
  local body = before .. string.format("%012x", n) .. between .. string.format("%03d", n % 997) .. after
  return heads[n % #heads + 1] .. body
end
done = function(summary, latency, requests)
  local e = summary.errors
  local wrong = e.status + e.connect + e.read + e.write + e.timeout
  io.write(string.format("\\nTOLD %d %d %d\\n", summary.requests, summary.duration, wrong))
end
"""


class Pieces(NamedTuple):
    """A request of any visitor, in pieces: a head for each browser; a body around a number, twice."""

    heads: list[bytes]
    before: bytes
    between: bytes
    after: bytes


class Told(NamedTuple):
    """What wrk tells of a run."""

    requests: int
    seconds: float
    wrong: int


def find_wrk() -> str:
    """Find the program; whoever has none is told where it comes from."""
    found = shutil.which("wrk")
    if found is None:
        sys.exit("wrk is missing: on Debian and Ubuntu, apt-get install wrk")
    return found


def pieces_of(key: str) -> Pieces:
    """Cut a request into what is the same for all visitors."""
    body = decide_body(0)
    before, _, rest = body.partition(visitor_id(0)[-12:].encode())
    between, _, after = rest.partition(b"lamp-000")
    heads = [request("/decide", key, n, body)[: -len(body)] for n in range(len(AGENTS))]
    return Pieces(heads, before, between + b"lamp-", after)


def script(key: str, numbers: range) -> str:
    """Write what wrk shall do: ask for these visitors in turn."""
    pieces = pieces_of(key)
    return _SCRIPT.format(
        heads=", ".join(map(_quoted, pieces.heads)),
        before=_quoted(pieces.before),
        between=_quoted(pieces.between),
        after=_quoted(pieces.after),
        first=numbers.start,
        last=numbers.stop - 1,
    )


def run_wrk(script_file: Path, url: str, connections: int, seconds: int) -> Told:
    """Run it in one thread.

    Raises:
        RuntimeError: a request had no answer, or one that is no 2xx or 3xx.

    """
    load = ["-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "-s", str(script_file), url]
    said = subprocess.run([find_wrk(), *load], capture_output=True, text=True, check=True).stdout  # noqa: S603 - a program of the system
    told = read_told(said)
    if told.wrong or not told.requests:
        raise RuntimeError(f"wrk: {said}")
    return told


def read_told(output: str) -> Told:
    """Read the line that the script adds to what wrk says."""
    requests, us, wrong = output.rpartition("TOLD ")[2].split()
    return Told(int(requests), int(us) / 1e6, int(wrong))


def _quoted(data: bytes) -> str:
    """Write bytes as Lua reads them, whatever is in them."""
    return '"' + "".join(f"\\{byte:03}" for byte in data) + '"'
