"""The figures as tables, and their place in the page about performance."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

from loadtests.speed.budgets import Bound, share
from loadtests.speed.cases import PLAIN, Case

PAGE = Path(__file__).parents[2] / "docs" / "performance.md"


class Run(NamedTuple):
    """One round over HTTP: CPU of the server per request, in µs, and how many were answered per second."""

    cpu_us: float
    per_s: float


def gate_table(best: Mapping[Case, float]) -> Iterator[str]:
    """Write down CPU and ratio of each case: what is asked by the row, how it is served by the column."""
    columns = list(dict.fromkeys((case.served, case.at_once) for case in best))
    yield "| CPU µs (bare ÷ ours) | " + " | ".join(f"{served}, {n} at once" for served, n in columns) + " |"
    yield "|---" * (len(columns) + 1) + "|"
    for asked in dict.fromkeys(case.asked for case in best):
        cells = (_cell(best, Case(asked, *column)) for column in columns)
        yield f"| {asked} | " + " | ".join(cells) + " |"


def _cell(best: Mapping[Case, float], case: Case) -> str:
    return f"{best[case]:.1f} ({share(best, case):.2f})" if case in best else ""


def http_table(runs: Mapping[Case, Sequence[Run]]) -> Iterator[str]:
    """Write down CPU and throughput of each case, best and median, and the ratios of the best."""
    yield "| | CPU µs per request, least (median) | bare ÷ ours | requests/s, most (median) | ours ÷ bare |"
    yield "|---" * 5 + "|"
    for case, done in runs.items():
        bare = runs[Case("bare", PLAIN, case.at_once)]
        cpu, rates = [run.cpu_us for run in done], [run.per_s for run in done]
        share = min(run.cpu_us for run in bare) / min(cpu)
        kept = max(rates) / max(run.per_s for run in bare)
        spent = f"{min(cpu):.1f} ({median(cpu):.1f}) | {share:.2f}"
        yield f"| {case} | {spent} | {max(rates):,.0f} ({median(rates):,.0f}) | {kept:.2f} |"


def bounds_table(bounds: Iterable[Bound]) -> Iterator[str]:
    """Write down every bound with what was measured."""
    yield "| | measured | bound | |\n|---|---|---|---|"
    for bound in bounds:
        sign, call = "≥" if bound.at_least else "≤", "holds" if bound.holds else "**broken**"
        yield f"| {bound.what} | {bound.figure:.2f} | {sign} {bound.limit:g} | {call} |"


def replace_between(page: Path, name: str, text: str) -> None:
    """Put a text between the markers of a name.

    Raises:
        ValueError: the page has no such markers, or more than one pair.

    """
    start, end = f"<!-- {name} -->\n", f"<!-- /{name} -->"
    before, found, rest = page.read_text().partition(start)
    _, closed, after = rest.partition(end)
    if not found or not closed or start in after:
        raise ValueError(f"{page}: the markers {start.strip()} and {end} are needed, once")
    page.write_text(f"{before}{start}\n{text}\n\n{end}{after}")
