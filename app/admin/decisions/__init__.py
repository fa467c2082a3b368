"""Decisions that were logged, told again."""
