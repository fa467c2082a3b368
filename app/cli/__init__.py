"""The `signpost` command."""

from app.cli.command import main

__all__ = ["main"]
