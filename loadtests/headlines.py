"""Texts for variants: groups of headlines that were once tested against each other."""

import csv
import gzip
from pathlib import Path

SHARED_FILE = (
    Path(__file__).resolve().parents[2] / "shared" / "data" / "variants" / "upworthy_400_tests.csv.gz"
)

# Texts of our own, for where the headline file is absent.
OWN_GROUPS = (
    ("Your next bike is waiting", "Find the bike that fits your way to work"),
    ("Free delivery this week", "Ride home happier", "Three gears more for the same price"),
)


def load_headlines(path: Path = SHARED_FILE) -> tuple[tuple[str, ...], ...]:
    """List the texts of each test that had two or more, in the file's order; our own without a file."""
    if not path.exists():
        return OWN_GROUPS
    groups: dict[str, dict[str, None]] = {}
    with gzip.open(path, "rt", encoding="utf-8", newline="") as rows:
        for row in csv.DictReader(rows):
            groups.setdefault(row["test_id"], {})[row["headline"]] = None
    return tuple(tuple(texts) for texts in groups.values() if len(texts) > 1)
