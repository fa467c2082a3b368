"""A campaign's ledgers against what it has stored: `python -m tests.faults.reconcile [FOLDER]`."""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from app.embedded.place import Place
from app.embedded.servers import start
from tests.faults.ledger import Ledger, read_ledgers
from tests.faults.stores import Outcome, opened_stores

FOLDER = Path(".local/faults")


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare row by row and profile by profile, say `equal` or list what differs; 0 where nothing does."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.reconcile", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER, help="that a campaign has left")
    folder: Path = parser.parse_args(arguments).folder
    ledgers = read_ledgers(folder / "ledgers")
    if not ledgers:
        sys.exit(f"{folder}: no campaign has left a ledger there")
    with closing(start(folder / "data")):
        outcomes = asyncio.run(_outcomes(Place((folder / "data").resolve()), ledgers))
    wrong = [line for ledger, outcome in outcomes for line in differences_of(ledger, outcome)]
    lines = [_totals([outcome for _, outcome in outcomes]), *(wrong or ["equal"])]
    print("\n".join(lines))  # noqa: T201 - the comparison is what this is for
    return 1 if wrong else 0


def _totals(outcomes: Sequence[Outcome]) -> str:
    return (
        f"{sum(one.events.answered for one in outcomes)} events,"
        f" {sum(one.assignments.answered for one in outcomes)} assignments,"
        f" {sum(one.profiles.cached for one in outcomes)} cached profiles,"
        f" {sum(one.profiles.durable for one in outcomes)} durable ones"
    )


async def _outcomes(place: Place, ledgers: Sequence[Ledger]) -> list[tuple[Ledger, Outcome]]:
    async with opened_stores(place) as stores:
        return [(ledger, await stores.outcome(ledger)) for ledger in ledgers]


def differences_of(ledger: Ledger, outcome: Outcome) -> list[str]:
    """Tell everything in which a ledger and the stores differ, a line each."""
    counts = {"missing": outcome.missing, "doubled": outcome.doubled}
    profiles = outcome.profiles
    found = [
        *(f"{count} {what}" for what, count in counts.items() if count),
        *(f"cached profile {text}" for text in profiles.cached_differ),
        *(f"durable profile {text}" for text in profiles.durable_differ),
        *(f"results of {text} are not those of a recount" for text in outcome.results_differ),
    ]
    return [f"{ledger.fault}: {text}" for text in found]


if __name__ == "__main__":
    sys.exit(main())
