"""The sizes that the house keeps to: run by `make check`, exits 1 where one is broken."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median, quantiles

ROOT = Path(__file__).parents[2]

FUNCTION_LIMIT, FUNCTION_MEDIAN, FUNCTION_P90 = 40, 8, 25
FILE_LIMIT, FILE_MEDIAN, FILE_P90 = 300, 90, 220
TESTS_PER_CODE = 1.2


def lines_of(path: Path) -> int:
    """Count the lines of a file."""
    return len(path.read_text().splitlines())


def functions_of(path: Path) -> Iterator[tuple[str, int]]:
    """List the functions of a file with their lengths, decorators left out."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno is not None:
            yield f"{path.relative_to(ROOT)}:{node.lineno} {node.name}", node.end_lineno - node.lineno + 1


def broken_limits() -> Iterator[str]:
    """Say which limits are broken, and where."""
    code = sorted((ROOT / "app").rglob("*.py"))
    everything = [*code, *(p for d in ("tests", "loadtests", "migrations") for p in (ROOT / d).rglob("*.py"))]
    for path in everything:
        if lines_of(path) > FILE_LIMIT:
            yield f"{path.relative_to(ROOT)} has {lines_of(path)} lines, the limit is {FILE_LIMIT}"
        for place, length in functions_of(path):
            if length > FUNCTION_LIMIT:
                yield f"{place} has {length} lines, the limit is {FUNCTION_LIMIT}"
    lengths = [length for path in code for _, length in functions_of(path)]
    yield from _spread("functions of app", lengths, FUNCTION_MEDIAN, FUNCTION_P90)
    # Package markers say one sentence each and would only flatter the figures.
    files = [lines_of(path) for path in code if path.name != "__init__.py"]
    yield from _spread("files of app", files, FILE_MEDIAN, FILE_P90)
    tests = sum(lines_of(path) for path in (ROOT / "tests").rglob("*.py"))
    if tests < TESTS_PER_CODE * sum(files):
        yield f"{tests} lines of tests for {sum(files)} of code, there must be {TESTS_PER_CODE} times as many"


def _spread(what: str, sizes: list[int], middle: int, ninth_tenth: int) -> Iterator[str]:
    print(f"{what}: {len(sizes)}, median {median(sizes):.0f}, p90 {quantiles(sizes, n=10)[8]:.0f}")  # noqa: T201 - the figures are the report
    if median(sizes) > middle:
        yield f"{what}: the median is {median(sizes)} lines, the limit is {middle}"
    if quantiles(sizes, n=10)[8] > ninth_tenth:
        yield f"{what}: p90 is {quantiles(sizes, n=10)[8]:.0f} lines, the limit is {ninth_tenth}"


if __name__ == "__main__":
    broken = list(broken_limits())
    sys.exit("\n".join(broken) or 0)
