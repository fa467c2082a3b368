"""What `signpost` can be told to do."""

import argparse
import logging.config
from collections.abc import Sequence
from pkgutil import resolve_name

import asyncpg
from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from app.cli import config_parser
from app.cli.terminal import LOGGING, CommandError, complain
from app.embedded.errors import EmbeddedError
from app.kit.listener import ListenError
from app.settings import Settings
from app.storage.postgres import UnreachedError
from app.web.problems import ConflictError

# What whoever typed the command can mend, so that no traceback need tell them.
_TOLD = (EmbeddedError, ListenError, ConflictError, ValueError, OSError)
_OF_DATABASE = (UnreachedError, asyncpg.PostgresError, asyncpg.InterfaceError, SQLAlchemyError)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; answers the exit code."""
    logging.config.dictConfig(LOGGING)
    options = _parser().parse_args(arguments)
    try:
        # Each command loads what it needs and no more: most of the service is needed by few.
        run = resolve_name(f"app.cli.{options.run}")
        code: int | None = run(Settings(), options)
    except ValidationError as error:
        for wrong in error.errors():
            complain(f"SIGNPOST_{str(wrong['loc'][0]).upper()}: {wrong['msg']}")
        return 2
    except CommandError as error:
        complain(str(error))
        return error.code
    except _OF_DATABASE as error:
        complain(f"PostgreSQL (SIGNPOST_DATABASE_URL): {_plain(error)}")
        return 1
    except _TOLD as error:
        complain(str(error))
        return 1
    return code or 0


def _plain(error: Exception) -> BaseException:
    """Give what asyncpg said, without the page that SQLAlchemy makes of it."""
    return (isinstance(error, DBAPIError) and error.orig and error.orig.__cause__) or error


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="signpost", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="command")
    for name, run, text in (
        ("serve", "serving:run", "serve, with everything it needs"),
        ("migrate", "database:migrate", "bring the database up to date"),
        ("ship", "beside:ship", "carry this host's journal to PostgreSQL"),
        ("report", "beside:report", "keep results counted"),
        ("recount", "beside:recount", "count all results anew from raw rows"),
        ("openapi", "openapi:show", "print the OpenAPI document"),
    ):
        commands.add_parser(name, help=text).set_defaults(run=run)
    config_parser.add_to(commands)
    site = commands.add_parser("site", help="sites").add_subparsers(required=True, metavar="action")
    create = site.add_parser("create", help="make a site and print its keys, this once")
    create.add_argument("key", help="the site's name, as shop-de")
    create.set_defaults(run="database:create_site")
    return parser
