"""A report as text: compact tables that fit a terminal."""

from collections.abc import Iterable, Iterator, Sequence

from loadtests.report import Report

_GAP = "  "


def report_text(report: Report) -> str:
    """Lay a report out, one table for each thing it says."""
    parts = (_head, _requests, _answers, _stages, _transitions, _arms, _results, _reconciliation, _end)
    return "\n".join(line for part in parts for line in part(report))


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """Align rows under their heads: words to the left, figures to the right."""
    written = [[_cell(value) for value in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(heads, *written, strict=True)]
    words = [not all(_is_figure(row[i]) for row in written) for i in range(len(heads))]
    return [
        _GAP.join(
            cell.ljust(width) if word else cell.rjust(width)
            for cell, width, word in zip(line, widths, words, strict=True)
        ).rstrip()
        for line in (heads, *written)
    ]


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:,.4g}" if abs(value) < 1 else f"{value:,.2f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _is_figure(cell: str) -> bool:
    return cell == "-" or cell.lstrip("-").replace(",", "").replace(".", "").replace("e-", "").isdigit()


def _head(report: Report) -> Iterator[str]:
    source = report.source
    served = "a service of its own" if source.workers is not None else "a running service"
    by = f" with {source.workers} worker{'s' * (source.workers > 1)}" if source.workers is not None else ""
    yield f"Replay of {source.name}: {source.events:,} events of {source.visitors:,} visitors"
    yield f"against {served}{by}, {source.concurrency} at once, in {report.elapsed_s:,.1f} s"


def _requests(report: Report) -> Iterator[str]:
    heads = ("requests", "sent", "failed", "p50 ms", "p95 ms", "p99 ms")
    yield ""
    yield from table(
        heads,
        [(path, k.sent, k.failed, k.p50_ms, k.p95_ms, k.p99_ms) for path, k in report.requests.items()],
    )
    yield f"decisions per second: {report.decisions_per_s:,.0f}"
    yield f"latencies as the client saw them, {report.source.concurrency} requests at once"


def _answers(report: Report) -> Iterator[str]:
    yield f"events known before: {report.duplicates:,}"
    yield f"placements answered by: {_counts(report.reasons)}"
    yield f"degraded decisions: {_counts(report.degraded)}"


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts.items()) or "none"


def _stages(report: Report) -> Iterator[str]:
    yield ""
    # Who had a decision without the profile only, or none at all, stands nowhere that is known.
    unknown = report.source.visitors - sum(report.stages.values())
    rows = {**report.stages, **({"(unknown)": unknown} if unknown else {})}
    yield from table(("stage at the end", "visitors"), rows.items())


def _transitions(report: Report) -> Iterator[str]:
    if report.transitions:
        yield ""
        rows = [(move.kind, f"{move.before} → {move.after}", move.count) for move in report.transitions]
        yield from table(("transition", "from → to", "times"), rows)


def _arms(report: Report) -> Iterator[str]:
    if report.arms:
        yield ""
        rows = [(line.experiment, line.arm, line.visitors, line.assignments) for line in report.arms]
        yield from table(("experiment", "arm", "visitors", "assignments"), rows)


def _results(report: Report) -> Iterator[str]:
    if report.results:
        yield ""
        heads = ("results", "metric", "arm", "units", "mean", "difference", "p")
        yield from table(
            heads,
            [
                (line.experiment, line.metric, line.arm, line.units, line.mean, line.difference, line.p_value)
                for line in report.results
            ],
        )
    for experiment, verdict in report.verdicts.items():
        yield f"{experiment}: {verdict}"


def _reconciliation(report: Report) -> Iterator[str]:
    yield ""
    heads = ("reconciliation", "answered", "stored", "missing", "doubled", "different", "surplus")
    yield from table(
        heads,
        [
            (what, c.answered, c.stored, c.missing, c.doubled, c.different, c.surplus)
            for what, c in report.reconciliation.items()
        ],
    )


def _end(report: Report) -> Iterator[str]:
    yield ""
    yield from (f"failed: {failure}" for failure in report.failures)
    if report.sound:
        yield "Nothing failed; everything answered is in PostgreSQL exactly once."
    else:
        yield "NOT SOUND: something failed, or the store differs from what was answered."
