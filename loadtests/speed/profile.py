"""Where the time of a hot decision goes: `make profile` writes a flame graph and names the functions."""

import argparse
import logging
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic

import uvloop

from loadtests.speed.asking import HOT, KNOWN, decisions, hot
from loadtests.speed.cases import RULES
from loadtests.speed.gate import warm
from loadtests.speed.host import hosted
from loadtests.speed.sites import prepared
from loadtests.speed.wire import Lines

FOLDER = Path(".local")
LASTS_S, RATE_HZ, SHOWN = 15, 500, 30
READY = "ready\n"
# Part of every stack of the thread that answers.
_OURS = "(loadtests/speed/profile.py"


async def answer_for(folder: Path, seconds: float, *, plain: bool) -> None:
    """Answer hot decisions for so long, as the gate asks for them."""
    async with prepared(folder, {RULES: KNOWN}) as ground, hosted(ground) as hosts:
        host = hosts["process"]
        await warm(host)
        lines, drawn = Lines(host.configured(plain=plain), 32), decisions(host.sites[RULES], hot())
        turns = [[next(drawn).request for _ in range(lines.count)] for _ in range(HOT // lines.count)]
        print(READY, end="", flush=True)
        until = monotonic() + seconds
        while monotonic() < until:
            for turn in turns:
                await lines.exchange(turn)
            lines.answers()
            ground.drop_shipped()


def self_times(stacks: Iterable[str]) -> Counter[str]:
    """Count what the thread that answers was in; a stack is `outer;…;inner count`, as py-spy writes it."""
    found: Counter[str] = Counter()
    for stack in stacks:
        frames, _, count = stack.rpartition(" ")
        if _OURS in frames:
            found[frames.rpartition(";")[2]] += int(count)
    return found


def dearest(found: Counter[str]) -> Iterator[str]:
    """Write down the functions that took most by themselves."""
    total = found.total()
    for function, samples in found.most_common(SHOWN):
        yield f"{samples / total:6.1%}  {function}"


def record(child: int, output: Path, kind: str) -> None:
    """Sample a process with py-spy, waiting for nothing but its CPU; raises CalledProcessError."""
    program = str(Path(sys.executable).with_name("py-spy"))
    asked = ["record", "--pid", str(child), "--duration", str(LASTS_S), "--rate", str(RATE_HZ)]
    to = ["--function", "--format", kind, "--output", str(output)]
    subprocess.run([program, *asked, *to], check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - a program of ours


def main() -> int:
    """Run the decisions in a process of their own, and watch it twice: for the graph and for the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plain", action="store_true", help="on plain ASGI")
    parser.add_argument("--answer", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.answer is not None:
        logging.disable(logging.WARNING)
        uvloop.run(answer_for(options.answer, 2 * LASTS_S + 5, plain=options.plain))
        return 0
    FOLDER.mkdir(exist_ok=True)
    with TemporaryDirectory(prefix="signpost-profile-", ignore_cleanup_errors=True) as folder:
        watch(folder, ["--plain"] if options.plain else [])
    print("\n".join(dearest(self_times((FOLDER / "profile.txt").read_text().splitlines()))))
    print(f"\n{FOLDER / 'profile.svg'} is the flame graph")
    return 0


def _await_ready(child: subprocess.Popen[str]) -> None:
    if child.stdout is None or child.stdout.readline() != READY:
        raise RuntimeError("the decisions did not start")


def watch(folder: str, options: list[str]) -> None:
    """Start the decisions, sample them once they are hot, and end them."""
    command = [sys.executable, "-m", "loadtests.speed.profile", "--answer", folder, *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:  # noqa: S603 - this very program
        try:
            _await_ready(child)
            record(child.pid, FOLDER / "profile.svg", "flamegraph")
            record(child.pid, FOLDER / "profile.txt", "raw")
        except BaseException:
            child.terminate()
            raise


if __name__ == "__main__":
    sys.exit(main())
