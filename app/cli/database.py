"""`signpost migrate` and `signpost site`: the database, and the sites in it."""

import argparse
import asyncio

from app.admin.sites.service import NewSite
from app.admin.sites.service import create_site as insert_site
from app.cli.terminal import say
from app.settings import Settings
from app.storage.migrate import migrate as bring_up_to_date
from app.storage.postgres import open_engine
from app.wiring import peppers, servers


def migrate(settings: Settings, _: argparse.Namespace) -> None:
    """Bring the database up to date."""
    with servers(settings) as addresses:
        bring_up_to_date(addresses.database_url)


def create_site(settings: Settings, options: argparse.Namespace) -> None:
    """Make a site and tell its keys."""

    async def made(database_url: str) -> NewSite:
        engine = open_engine(database_url)
        async with engine.begin() as connection:
            site = await insert_site(connection, options.key, pepper=next(iter(peppers(settings)), None))
        await engine.dispose()
        return site

    with servers(settings) as addresses:
        bring_up_to_date(addresses.database_url)
        say(lines_of_keys(asyncio.run(made(addresses.database_url))))


def lines_of_keys(site: NewSite) -> str:
    """Write both keys of a new site as people read them."""
    return f"  public key  {site.public_key}\n  secret key  {site.secret_key}"
