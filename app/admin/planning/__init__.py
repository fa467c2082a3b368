"""Experiments planned from what was seen, and the units that running ones share."""
