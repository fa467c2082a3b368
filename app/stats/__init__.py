"""The arithmetic of results: pure functions on aggregates (n, Σx, Σx²), never on rows."""
