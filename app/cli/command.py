"""What `signpost` can be told to do."""

import argparse
import asyncio
import json
import logging.config
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import closing
from pathlib import Path

import asyncpg
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import create_async_engine

from app.admin.sites.service import NewSite, bootstrap, create_site
from app.beside import recount, report, ship
from app.cli import config
from app.cli.terminal import CommandError, complain, say
from app.embedded.errors import EmbeddedError
from app.kit.announce import announce_when_listening
from app.kit.child import Child
from app.kit.http_bounds import Limits
from app.kit.listener import ListenError, bind, serve
from app.kit.private_file import read_json, write_private
from app.main import openapi_document, peppers, servers
from app.settings import Settings
from app.storage.migrate import migrate
from app.web.problems import ConflictError

DRAIN_S = 8

_APPS = {"direct": "app.main:create_app", "asgi": "app.main:create_asgi_app"}

# For this process and, word for word, for every worker that it starts.
_LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"level": "INFO", "handlers": ["stderr"]},
    # It would tell every request.
    "loggers": {"httpx": {"level": "WARNING"}},
}
# What whoever typed the command can mend, so that no traceback need tell them.
_TOLD = (EmbeddedError, ListenError, ConflictError, ValueError, OSError, asyncpg.PostgresError)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; answers the exit code."""
    logging.config.dictConfig(_LOGGING)
    options = _parser().parse_args(arguments)
    try:
        code: int | None = options.run(Settings(), options)
    except ValidationError as error:
        for wrong in error.errors():
            complain(f"SIGNPOST_{str(wrong['loc'][0]).upper()}: {wrong['msg']}")
        return 2
    except CommandError as error:
        complain(str(error))
        return error.code
    except _TOLD as error:
        complain(str(error))
        return 1
    return code or 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="signpost", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="command")
    for name, run, text in (
        ("serve", _serve, "serve, with everything it needs"),
        ("migrate", _migrate, "bring the database up to date"),
        ("ship", _ship, "carry this host's journal to PostgreSQL"),
        ("report", _report, "keep results counted"),
        ("recount", _recount, "count all results anew from raw rows"),
        ("openapi", _openapi, "print the OpenAPI document"),
    ):
        commands.add_parser(name, help=text).set_defaults(run=run)
    config.add_to(commands)
    site = commands.add_parser("site", help="sites").add_subparsers(required=True, metavar="action")
    create = site.add_parser("create", help="make a site and print its keys, this once")
    create.add_argument("key", help="the site's name, as shop-de")
    create.set_defaults(run=_create_site)
    return parser


def _serve(settings: Settings, _: argparse.Namespace) -> None:
    # Until a supervisor of workers listens to signals: what is open here is closed at the end all the same,
    # and there is nothing yet to replace.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))
    signal.signal(signal.SIGHUP, lambda *_: None)
    with closing(bind(settings.host, settings.port)) as listener, servers(settings, watch=True) as addresses:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        write_private(settings.data_dir / "servers.json", vars(addresses))
        migrate(addresses.database_url)
        asyncio.run(_bootstrap(settings, addresses.database_url))
        os.environ["SIGNPOST_PARENT_PID"] = str(os.getpid())
        with _beside("ship"), _beside("report"):
            port = listener.getsockname()[1]
            announce_when_listening(settings.host, port, _welcome(settings, port))
            serve(
                _APPS[settings.http],
                listener,
                workers=settings.workers,
                drain_s=DRAIN_S,
                logging=_LOGGING,
                limits=Limits(connections=settings.connections),
            )


def _beside(command: str) -> Child:
    return Child([sys.executable, "-m", "app.cli", command])


async def _bootstrap(settings: Settings, database_url: str) -> None:
    """Make the first site where there is none; its keys are in the file before the site is there."""
    engine = create_async_engine(database_url)
    async with engine.begin() as connection:
        made = await bootstrap(
            connection,
            site_key="default",
            public_key=settings.site_key,
            secret_key=settings.admin_key,
            pepper=next(iter(peppers(settings)), None),
        )
        if made is not None:
            write_private(
                _keys_file(settings), {"public_key": made.public_key, "secret_key": made.secret_key}
            )
            say(f"\nThe keys of the first site, kept in {_keys_file(settings)}:\n{_keys(made)}")
    await engine.dispose()


def _keys_file(settings: Settings) -> Path:
    return settings.data_dir / "keys.json"


def _keys(site: NewSite) -> str:
    return f"  public key  {site.public_key}\n  secret key  {site.secret_key}"


def _welcome(settings: Settings, port: int) -> str:
    url = f"http://{settings.host}:{port}"
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
    asyncio.run(_until_told(ship, settings))


def _report(settings: Settings, _: argparse.Namespace) -> None:
    asyncio.run(_until_told(report, settings))


async def _until_told(work: Callable[[Settings, asyncio.Event], Awaitable[None]], settings: Settings) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await work(settings, stop)


def _recount(settings: Settings, _: argparse.Namespace) -> None:
    say(f"{asyncio.run(recount(settings))} units counted")


def _openapi(_settings: Settings, _: argparse.Namespace) -> None:
    say(json.dumps(openapi_document(), indent=1, sort_keys=True))


def _create_site(settings: Settings, options: argparse.Namespace) -> None:
    async def create(database_url: str) -> NewSite:
        engine = create_async_engine(database_url)
        async with engine.begin() as connection:
            made = await create_site(connection, options.key, pepper=next(iter(peppers(settings)), None))
        await engine.dispose()
        return made

    with servers(settings) as addresses:
        migrate(addresses.database_url)
        say(_keys(asyncio.run(create(addresses.database_url))))
