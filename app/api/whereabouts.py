"""The country that a request comes from, where a MaxMind file is configured."""

from pathlib import Path

import maxminddb
from maxminddb import InvalidDatabaseError, Reader

from app.api.client_address import Proxies
from app.api.request import Request


class CountryFileError(ValueError):
    """The file of countries cannot be used; the message says why."""


def open_countries(path: Path) -> Reader:
    """Open a MaxMind file of countries or cities. It is mapped into memory: replace it by renaming another.

    Raises:
        CountryFileError: it cannot be read, or is no MaxMind file.

    """
    try:
        return maxminddb.open_database(path)
    except OSError as error:
        raise CountryFileError(f"cannot read {path}: {error.strerror}") from error
    except InvalidDatabaseError as error:
        raise CountryFileError(f"{path} is no MaxMind file") from error


class Whereabouts:
    """Finds countries in a file; without one there are none to be found."""

    def __init__(self, countries: Reader | None = None, proxies: Proxies | None = None) -> None:
        self._countries = countries
        self._proxies = proxies or Proxies()

    def country_of(self, ip: str | None, request: Request | None) -> str | None:
        """Find the ISO code of a country by the address that was named, else by the one a page asks from."""
        if self._countries is None:
            return None
        if ip is None and request is not None:
            ip = self._proxies.client_of(request)
        return None if ip is None else _country_in(self._countries, ip)


NOWHERE = Whereabouts()


def _country_in(countries: Reader, ip: str) -> str | None:
    try:
        record = countries.get(ip)
    except (TypeError, ValueError, InvalidDatabaseError):
        # No address, one of a version that the file lacks, or a hole in the file: no page fails for it.
        return None
    match record:
        case {"country": {"iso_code": str(code)}}:
            return code
    return None
