from collections.abc import Sequence
from ipaddress import ip_network

import pytest

from app.api.client_address import Proxies
from app.api.request import Request
from tests.unit.api.edge import receiving, scope_of

CLIENT, PROXY = "203.0.113.9", "10.0.0.1"
TRUSTED = ("10.0.0.0/8", "192.0.2.7/32", "2001:db8:ffff::/48")


def client_of(peer: str | None, *forwarded: str, proxies: Sequence[str] = TRUSTED) -> str | None:
    scope = scope_of()
    scope["client"] = None if peer is None else (peer, 50_000)
    scope["headers"] = [(b"x-forwarded-for", value.encode("latin-1")) for value in forwarded]
    return Proxies([ip_network(proxy) for proxy in proxies]).client_of(Request.by_asgi(scope, receiving([])))


def test_without_trusted_proxies_whoever_asks_is_the_client() -> None:
    assert client_of(PROXY, CLIENT, proxies=()) == PROXY


def test_who_is_no_trusted_proxy_cannot_speak_for_others() -> None:
    assert client_of("198.51.100.1", CLIENT) == "198.51.100.1"


@pytest.mark.parametrize("proxy", [PROXY, "192.0.2.7", "2001:db8:ffff::1", "::ffff:10.0.0.1"])
def test_a_trusted_proxy_says_who_asks(proxy: str) -> None:
    assert client_of(proxy, CLIENT) == CLIENT


@pytest.mark.parametrize("forged", ["198.51.100.1", "garbage", PROXY, ""])
def test_what_a_client_wrote_itself_does_not_count(forged: str) -> None:
    assert client_of(PROXY, f"{forged}, {CLIENT}") == CLIENT


def test_proxies_behind_one_another_are_passed_over() -> None:
    assert client_of(PROXY, f"198.51.100.1, {CLIENT},192.0.2.7, 10.9.9.9") == CLIENT


def test_a_header_that_was_added_a_second_time_is_the_later_part() -> None:
    assert client_of(PROXY, "198.51.100.1", CLIENT) == CLIENT


@pytest.mark.parametrize(
    ("hop", "client"),
    [
        ("203.0.113.9:4711", CLIENT),
        ("[2001:db8::9]:4711", "2001:db8::9"),
        ("[2001:db8::9]", "2001:db8::9"),
        ("2001:db8::9", "2001:db8::9"),
    ],
)
def test_a_proxy_may_name_a_port_too(hop: str, client: str) -> None:
    assert client_of(PROXY, hop) == client


@pytest.mark.parametrize("garbage", ["unknown", "10.0.0.300", "2001:db8:ffff::1::", "[", "\0", "é"])
def test_what_a_proxy_adds_need_not_be_an_address(garbage: str) -> None:
    assert client_of(PROXY, f"{CLIENT}, {garbage}") == garbage.strip("[")


def test_a_request_of_the_proxies_own_has_no_client() -> None:
    assert client_of(PROXY, "10.1.1.1, 10.2.2.2") is None


@pytest.mark.parametrize("forwarded", [(), ("",)])
def test_a_proxy_that_says_nothing_names_nobody(forwarded: Sequence[str]) -> None:
    assert not client_of(PROXY, *forwarded)


def test_a_connection_without_addresses_has_no_client() -> None:
    assert client_of(None, CLIENT) is None


def test_of_a_huge_header_the_end_is_read() -> None:
    assert client_of(PROXY, "198.51.100.1, " * 5_000 + CLIENT) == CLIENT
    assert client_of(PROXY, CLIENT + ", 10.2.2.2" * 5_000) != CLIENT
