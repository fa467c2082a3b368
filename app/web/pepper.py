"""What keys are hashed with besides themselves: a secret that is in no database."""

import hashlib
import logging
import secrets
from pathlib import Path

import msgspec

from app.kit.private_file import read_json, write_first

FILE = "pepper.json"

_log = logging.getLogger(__name__)


class Pepper(msgspec.Struct, frozen=True):
    """A secret key of hashes. The database tells by its `name` which one a hash was made with."""

    name: str
    key: bytes


def pepper_of(text: str) -> Pepper:
    """Make the pepper that a text stands for, the same on every host; its name gives nothing of it away."""
    key = hashlib.blake2b(text.encode(), digest_size=32, person=b"signpost pepper").digest()
    return Pepper(hashlib.blake2b(b"name", key=key, digest_size=8).hexdigest(), key)


def peppers_of(folder: Path, said: str | None, *, alone: bool) -> tuple[Pepper, ...]:
    """Find what this host hashes keys with, first what new ones are hashed with; nothing at all is allowed.

    What the settings say comes first, and what the data folder keeps stays known. Where there is neither, a
    host that is `alone` with its database makes one and keeps it in its folder. Hosts that share a database
    must be told one: keys that one of them hashed with a pepper of its own would be unknown to the others.

    Raises:
        OSError: the folder cannot be read or written.

    """
    kept = read_json(folder / FILE)
    if not kept and said is None and alone:
        kept = write_first(folder / FILE, {"pepper": secrets.token_urlsafe(32)})
    texts = [text for text in (said, kept.get("pepper")) if text is not None]
    if not texts:
        _log.info("keys are hashed without a pepper: set SIGNPOST_KEY_PEPPER, the same on every host")
    return tuple(map(pepper_of, texts))
