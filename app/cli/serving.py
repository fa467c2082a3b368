"""`signpost serve`: the service, with everything it needs."""

import argparse
import asyncio
import json
import os
import signal
import sys
from contextlib import closing
from pathlib import Path

import msgspec

from app.admin.sites.service import bootstrap
from app.cli.database import lines_of_keys
from app.cli.terminal import LOGGING, complain, say
from app.kit.announce import announce_when_listening
from app.kit.child import Child
from app.kit.http_bounds import Limits
from app.kit.listener import bind, place_of, serve
from app.kit.private_file import read_json, write_private
from app.settings import Settings
from app.storage.migrate import migrate
from app.storage.postgres import Postgres
from app.web.keyring import Keyring
from app.web.pepper import Pepper
from app.wiring import peppers, servers

DRAIN_S = 8
_GIVEN = "as SIGNPOST_ADMIN_KEY says"

_APPS = {"direct": "app.main:create_app", "asgi": "app.main:create_asgi_app"}


def run(settings: Settings, _: argparse.Namespace) -> None:
    """Serve until told to stop."""
    # Until a supervisor of workers listens to signals: what is open here is closed at the end all the same,
    # and there is nothing yet to replace.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))
    signal.signal(signal.SIGHUP, lambda *_: None)
    with closing(bind(settings.host, settings.port)) as listener, servers(settings, watch=True) as addresses:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        write_private(settings.data_dir / "servers.json", vars(addresses))
        migrate(addresses.database_url)
        public_key = asyncio.run(_bootstrap(settings, addresses.database_url))
        os.environ["SIGNPOST_PARENT_PID"] = str(os.getpid())
        with _beside("ship"), _beside("report"):
            announce_when_listening(listener, _welcome(settings, listener.getsockname()[1], public_key))
            serve(
                _APPS[settings.http],
                listener,
                workers=settings.workers,
                drain_s=DRAIN_S,
                logging=LOGGING,
                limits=Limits(connections=settings.connections),
            )


def _beside(command: str) -> Child:
    return Child([sys.executable, "-m", "app.cli", command])


async def _bootstrap(settings: Settings, database_url: str) -> str:
    """Make the first site where there is none, and find a public key to greet with."""
    postgres, keyring = await Postgres.open(database_url), Keyring(peppers=peppers(settings))
    await _make_first(settings, postgres, keyring.pepper)
    await keyring.load(postgres.pool)
    await postgres.close()
    return _key_in_force(settings, keyring)


async def _make_first(settings: Settings, postgres: Postgres, pepper: Pepper | None) -> None:
    """Make the first site where there is none; its keys are in the file before the site is there."""
    async with postgres.engine.begin() as connection:
        made = await bootstrap(
            connection,
            site_key="default",
            public_key=settings.site_key,
            secret_key=settings.admin_key,
            pepper=pepper,
        )
        if made is not None:
            write_private(
                _keys_file(settings), {"public_key": made.public_key, "secret_key": made.secret_key}
            )
            if settings.admin_key is not None:
                made = msgspec.structs.replace(made, secret_key=_GIVEN)
            say(f"\nThe keys of the first site, kept in {_keys_file(settings)}:\n{lines_of_keys(made)}")


def _key_in_force(settings: Settings, keyring: Keyring) -> str:
    """Find a public key to greet with, and complain of each key in the settings that lets nobody in."""
    for name, key in (("SITE_KEY", settings.site_key), ("ADMIN_KEY", settings.admin_key)):
        if key is not None and keyring.find(key) is None:
            complain(f"SIGNPOST_{name} lets nobody in: only the first start makes a key of it")
    known = (settings.site_key, read_json(_keys_file(settings)).get("public_key"))
    return next((key for key in known if key is not None and keyring.find(key) is not None), "pk_…")


def _keys_file(settings: Settings) -> Path:
    return settings.data_dir / "keys.json"


def _welcome(settings: Settings, port: int, public_key: str) -> str:
    url = f"http://{place_of(settings.host, port)}"
    body = json.dumps({"visitor": {"id": "v-1"}, "placements": ["home.hero"]})
    return (
        f"\nSignpost answers at {url}. A first decision:\n\n"
        f"  curl -s {url}/decide -H 'Authorization: Bearer {public_key}'"
        f" -H 'Content-Type: application/json' -d '{body}'\n"
    )
