"""The `signpost` command."""

import argparse
import asyncio
import json
import logging
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import uvicorn
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import create_async_engine

from app.admin.sites.service import NewSite, bootstrap, create_site
from app.embedded.errors import EmbeddedError
from app.kit.announce import announce_when_listening
from app.kit.child import Child
from app.kit.private_file import read_json, write_private
from app.main import openapi_document, servers, ship
from app.settings import Settings
from app.storage.migrate import migrate
from app.web.problems import ConflictError

DRAIN_S = 8


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; answers the exit code."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        return int(options.run(Settings(), options) or 0)
    except ValidationError as error:
        for wrong in error.errors():
            print(f"signpost: SIGNPOST_{str(wrong['loc'][0]).upper()}: {wrong['msg']}", file=sys.stderr)
        return 2
    except (EmbeddedError, ConflictError, ValueError) as error:
        print(f"signpost: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="signpost", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="command")
    for name, run, text in (
        ("serve", _serve, "serve, with everything it needs"),
        ("migrate", _migrate, "bring the database up to date"),
        ("ship", _ship, "carry this host's journal to PostgreSQL"),
        ("openapi", _openapi, "print the OpenAPI document"),
    ):
        commands.add_parser(name, help=text).set_defaults(run=run)
    site = commands.add_parser("site", help="sites").add_subparsers(required=True, metavar="action")
    create = site.add_parser("create", help="make a site and print its keys, this once")
    create.add_argument("key", help="the site's name, as shop-de")
    create.set_defaults(run=_create_site)
    return parser


def _serve(settings: Settings, _: argparse.Namespace) -> int:
    # uvicorn raises the signal that ended it once more; what is open here must be closed all the same.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with servers(settings) as addresses:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        write_private(settings.data_dir / "servers.json", vars(addresses))
        migrate(addresses.database_url)
        asyncio.run(_bootstrap(settings, addresses.database_url))
        os.environ["SIGNPOST_PARENT_PID"] = str(os.getpid())
        with Child([sys.executable, "-m", "app.cli", "ship"]):
            announce_when_listening(settings.host, settings.port, _welcome(settings))
            uvicorn.run(
                "app.main:create_app",
                factory=True,
                host=settings.host,
                port=settings.port,
                workers=settings.workers,
                access_log=False,
                server_header=False,
                lifespan="on",
                log_config=None,
                timeout_graceful_shutdown=DRAIN_S,
            )
    return 0


async def _bootstrap(settings: Settings, database_url: str) -> None:
    """Make the first site where there is none; its keys are in the file before the site is there."""
    engine = create_async_engine(database_url)
    async with engine.begin() as connection:
        made = await bootstrap(
            connection, site_key="default", public_key=settings.site_key, secret_key=settings.admin_key
        )
        if made is not None:
            write_private(
                _keys_file(settings), {"public_key": made.public_key, "secret_key": made.secret_key}
            )
            print(f"\nThe keys of the first site, kept in {_keys_file(settings)}:\n{_keys(made)}", flush=True)
    await engine.dispose()


def _keys_file(settings: Settings) -> Path:
    return settings.data_dir / "keys.json"


def _keys(site: NewSite) -> str:
    return f"  public key  {site.public_key}\n  secret key  {site.secret_key}"


def _welcome(settings: Settings) -> str:
    url = f"http://{settings.host}:{settings.port}"
    key = settings.site_key or read_json(_keys_file(settings)).get("public_key", "pk_…")
    body = json.dumps({"visitor": {"id": "v-1"}, "placements": ["home.hero"]})
    return (
        f"\nSignpost answers at {url}. A first decision:\n\n"
        f"  curl -s {url}/decide -H 'Authorization: Bearer {key}'"
        f" -H 'Content-Type: application/json' -d '{body}'\n"
    )


def _migrate(settings: Settings, _: argparse.Namespace) -> None:
    with servers(settings) as addresses:
        migrate(addresses.database_url)


def _ship(settings: Settings, _: argparse.Namespace) -> None:
    async def until_told() -> None:
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        await ship(settings, stop)

    asyncio.run(until_told())


def _openapi(_settings: Settings, _: argparse.Namespace) -> None:
    print(json.dumps(openapi_document(), indent=1, sort_keys=True))


def _create_site(settings: Settings, options: argparse.Namespace) -> None:
    async def create(database_url: str) -> NewSite:
        engine = create_async_engine(database_url)
        async with engine.begin() as connection:
            made = await create_site(connection, options.key)
        await engine.dispose()
        return made

    with servers(settings) as addresses:
        migrate(addresses.database_url)
        print(_keys(asyncio.run(create(addresses.database_url))))


if __name__ == "__main__":
    sys.exit(main())
