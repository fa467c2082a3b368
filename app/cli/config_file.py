"""A site's configuration as a file, and the ETag beside it of the draft that it was pulled from."""

import json
import os
import sys
from pathlib import Path
from typing import Any

import msgspec

from app.admin.config.given import JSON, YAML
from app.admin.config.read_yaml import reading
from app.admin.doubled_keys import refuse_doubled
from app.admin.route import BODY_LIMIT_BYTES
from app.admin.strict_json import bounding
from app.cli.config_text import unsound
from app.cli.terminal import CommandError
from app.kit.steps import finished
from app.web.problems import WrongContentError

STANDARD = "-"
_KINDS = {".json": JSON, ".yaml": YAML, ".yml": YAML}


class ConfigFile:
    """A file of JSON or YAML, as its name ends; `-` is what comes in and goes out, YAML or JSON."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.path = Path(name)
        kind = YAML if name == STANDARD else _KINDS.get(self.path.suffix.lower())
        if kind is None:
            raise CommandError(2, f"{name}: the name must end in .json, .yaml or .yml, or be -")
        self.kind = kind

    def read(self) -> Any:
        """Read the document.

        Raises:
            CommandError: the file cannot be read (2), or it is neither JSON nor YAML (1).

        """
        try:
            content = sys.stdin.buffer.read() if self.name == STANDARD else self.path.read_bytes()
        except OSError as error:
            raise CommandError(2, f"{self.name}: {error.strerror}") from error
        try:
            document = msgspec.json.decode(content) if self.kind == JSON else _yaml(content)
            finished(bounding(document))
            if self.kind == JSON:
                refuse_doubled(content)
        except WrongContentError as error:
            raise CommandError(1, unsound(self.name, error.errors)) from error
        except (ValueError, RecursionError) as error:
            raise CommandError(1, f"{self.name}: {error}") from error
        return document

    def write(self, content: bytes) -> None:
        """Write a document as the service gave it, whole or not at all."""
        if self.kind == JSON:
            content = msgspec.json.format(content, indent=2) + b"\n"
        if self.name == STANDARD:
            sys.stdout.buffer.write(content)
            sys.stdout.buffer.flush()
        else:
            _replace(self.path, content)

    def find_etag(self, url: str) -> str | None:
        """Find the ETag that the draft at this address had when the file was last equal to it."""
        try:
            kept = json.loads(self._beside.read_bytes())
            return str(kept["etag"]) if kept["url"] == url else None
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise CommandError(
                2, f"{self._beside}: cannot be read; without it nothing is remembered"
            ) from error

    def remember(self, url: str, etag: str) -> None:
        """Keep the ETag of the draft that the file is equal to."""
        if self.name != STANDARD:
            _replace(self._beside, json.dumps({"url": url, "etag": etag}).encode() + b"\n")

    @property
    def _beside(self) -> Path:
        return self.path.with_name(f"{self.path.name}.etag")


def _yaml(content: bytes) -> Any:
    return finished(reading(content, limit=max(BODY_LIMIT_BYTES, len(content))))


def _replace(path: Path, content: bytes) -> None:
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with unfinished.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise CommandError(2, f"{path}: {error.strerror}") from error
