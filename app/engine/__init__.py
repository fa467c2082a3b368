"""Segments, stage, rules and assignment: pure, the same answer for the same input on every machine."""
