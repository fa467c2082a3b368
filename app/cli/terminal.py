"""What a command says to whoever typed it."""

import os
import sys

# For this process and, word for word, for every worker that it starts.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"level": "INFO", "handlers": ["stderr"]},
    # They would tell every request, what Alembic is made of, and each try to reach a PostgreSQL that is away.
    "loggers": {
        "httpx": {"level": "WARNING"},
        "alembic.runtime.plugins": {"level": "WARNING"},
        "asyncpg.pool": {"level": "ERROR"},
    },
}


class CommandError(Exception):
    """Why a command ends with another exit code than 0; it may have several lines."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


def say(text: str) -> None:
    """Answer."""
    print(text, flush=True)  # noqa: T201 - what a command answers is for its caller to read


def complain(text: str) -> None:
    """Tell what went wrong, or what is to be known besides the answer."""
    print(f"signpost: {text}", file=sys.stderr)  # noqa: T201 - why a command failed, too


def is_colourful() -> bool:
    """Whether somebody looks at the answer who has not asked for plain text (https://no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")
