from collections.abc import Iterator
from contextlib import closing
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from app.api.client_address import Proxies
from app.api.request import Request
from app.api.whereabouts import NOWHERE, CountryFileError, Whereabouts, open_countries
from tests.country_files import BRITISH, GERMAN, write_countries, write_records
from tests.unit.api.edge import receiving, scope_of

PROXY = "10.0.0.1"


@pytest.fixture(scope="module")
def whereabouts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whereabouts]:
    file = write_countries(tmp_path_factory.mktemp("countries") / "country.mmdb")
    with closing(open_countries(file)) as countries:
        yield Whereabouts(countries, Proxies([ip_network("10.0.0.0/8")]))


def asked_from(peer: str | None, **headers: str) -> Request:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    scope = scope_of(headers=named)
    scope["client"] = None if peer is None else (peer, 50_000)
    return Request.by_asgi(scope, receiving([]))


@pytest.mark.parametrize(("address", "country"), [(BRITISH, "GB"), (GERMAN, "DE"), ("198.51.100.1", None)])
def test_a_page_is_where_its_request_comes_from(
    whereabouts: Whereabouts, address: str, country: str | None
) -> None:
    assert whereabouts.country_of(None, asked_from(address)) == country
    assert whereabouts.country_of(None, asked_from(PROXY, X_Forwarded_For=address)) == country


def test_an_address_that_is_named_comes_first(whereabouts: Whereabouts) -> None:
    assert whereabouts.country_of(GERMAN, asked_from(BRITISH)) == "DE"
    assert whereabouts.country_of("garbage", asked_from(BRITISH)) is None


def test_a_server_is_not_where_its_visitor_is(whereabouts: Whereabouts) -> None:
    assert whereabouts.country_of(None, None) is None
    assert whereabouts.country_of(BRITISH, None) == "GB"


@pytest.mark.parametrize("ip", ["", "localhost", "1.2.3", "::1%eth0", "\0", "\ud800", "é", "9" * 256])
def test_garbage_is_in_no_country(whereabouts: Whereabouts, ip: str) -> None:
    assert whereabouts.country_of(ip, None) is None


def test_a_connection_without_addresses_comes_from_nowhere(whereabouts: Whereabouts) -> None:
    assert whereabouts.country_of(None, asked_from(None)) is None


def test_without_a_file_everybody_is_from_nowhere() -> None:
    assert NOWHERE.country_of(BRITISH, asked_from(BRITISH)) is None


@pytest.mark.parametrize(
    "record",
    [
        {"country": {"iso_code": 826}},
        {"country": {}},
        {"country": "GB"},
        {"autonomous_system_number": 1},
        ["GB"],
        "GB",
    ],
)
def test_a_record_of_another_shape_names_no_country(tmp_path: Path, record: Any) -> None:
    with closing(open_countries(write_records(tmp_path / "x.mmdb", {"81.2.69.0/24": record}))) as countries:
        assert Whereabouts(countries).country_of(BRITISH, None) is None


def test_a_file_of_version_4_knows_nobody_of_version_6(tmp_path: Path) -> None:
    records = {"81.2.69.0/24": {"country": {"iso_code": "GB"}}}
    with closing(open_countries(write_records(tmp_path / "4.mmdb", records, ip_version=4))) as countries:
        only_4 = Whereabouts(countries)

        assert (only_4.country_of(BRITISH, None), only_4.country_of(GERMAN, None)) == ("GB", None)


def test_a_hole_in_the_file_is_nobodys_fault(tmp_path: Path) -> None:
    file = write_countries(tmp_path / "hole.mmdb")
    content = file.read_bytes()
    file.write_bytes(b"\xff" * 100 + content[100:])
    with closing(open_countries(file)) as countries:
        assert Whereabouts(countries).country_of(BRITISH, None) is None


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(CountryFileError, match=r"^cannot read .*/nowhere: No such file or directory$"):
        open_countries(tmp_path / "nowhere")


@pytest.mark.parametrize("content", [b"", b"not a database", b"\xab\xcd\xefMaxMind.com"])
def test_a_file_of_another_kind_is_named(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "broken"
    file.write_bytes(content)

    with pytest.raises(CountryFileError, match=r"/broken is no MaxMind file$"):
        open_countries(file)


def test_a_file_that_was_cut_short_is_refused(tmp_path: Path) -> None:
    file = write_countries(tmp_path / "cut.mmdb")
    file.write_bytes(file.read_bytes()[:-200])

    with pytest.raises(CountryFileError, match="is no MaxMind file"):
        open_countries(file)
