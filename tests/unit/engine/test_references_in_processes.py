import subprocess
import sys
from pathlib import Path
from subprocess import PIPE

ROOT = Path(__file__).parents[3]
ORDER = """
from tests.builders import parsed, segment
from app.engine.references import resolution_of
free = [segment(f"f{n}", {}) for n in range(9)]
asks = segment("asks", {"segments": {"$in": [part["key"] for part in free]}})
print(resolution_of(parsed(segments=[asks, *free])).order)
"""


def test_the_order_is_the_same_in_every_process() -> None:
    def order(seed: str) -> bytes:
        command = [sys.executable, "-c", ORDER]
        return subprocess.run(command, cwd=ROOT, env={"PYTHONHASHSEED": seed}, stdout=PIPE, check=True).stdout

    assert order("1") == order("2") == order("3") != b""
