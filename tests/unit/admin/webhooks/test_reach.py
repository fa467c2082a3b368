"""Where webhooks may lead."""

from ipaddress import ip_address, ip_network

import pytest

from app.admin.webhooks.reach import Reach

PUBLIC = Reach()
HOME = Reach((ip_network("127.0.0.0/8"), ip_network("10.20.0.0/16")))

PRIVATE = [
    "127.0.0.1",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",  # noqa: S104 - an address to refuse, and nothing is bound to it
    "224.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "fe80::1",
    "fc00::1",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "2002:7f00:1::",
    "::127.0.0.1",
    "64:ff9b:1::a00:1",
    "fec0::1",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_are_refused_however_they_are_written(address: str) -> None:
    assert not PUBLIC.allows(ip_address(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_public_addresses_are_not(address: str) -> None:
    assert PUBLIC.allows(ip_address(address))


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("127.0.0.1", True),
        ("10.20.3.4", True),
        ("::ffff:10.20.3.4", True),
        ("10.21.0.1", False),
        ("::1", False),
    ],
)
def test_networks_that_the_operator_names_are_reached(address: str, allowed: bool) -> None:  # noqa: FBT001 - a case says it by its place
    assert HOME.allows(ip_address(address)) is allowed


@pytest.mark.parametrize(
    "url",
    [
        "https://shop.example/hooks?a=b",
        "https://shop.example:8443",
        "https://8.8.8.8/",
        "https://bücher.example/",
    ],
)
def test_https_may_lead_anywhere_public(url: str) -> None:
    assert PUBLIC.wrong_with(url) is None


@pytest.mark.parametrize("url", ["http://127.0.0.1:9000/", "http://localhost/x", "https://10.20.0.1"])
def test_what_the_operator_names_may_be_written(url: str) -> None:
    assert HOME.wrong_with(url) is None


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("", "must be a URL"),
        ("shop.example", "must be a URL"),
        ("ftp://shop.example", "must be a URL"),
        ("https://", "must be a URL"),
        ("https://shop.example:99999999/", "must be a URL"),
        ("https://[::1", "must be a URL"),
        ("https://x\x00y/", "must be a URL"),
        ("https://user:password@shop.example/", "neither a user"),
        ("https://shop.example/#top", "neither a user"),
        ("http://shop.example/", "must begin with https://"),
        ("http://8.8.8.8/", "must begin with https://"),
        ("https://169.254.169.254/latest", "SIGNPOST_WEBHOOK_NETWORKS"),
        ("http://127.0.0.1/", "SIGNPOST_WEBHOOK_NETWORKS"),
        ("https://[::ffff:10.0.0.1]/", "SIGNPOST_WEBHOOK_NETWORKS"),
    ],
)
def test_what_leads_nowhere_else_is_told_why(url: str, message: str) -> None:
    assert message in (PUBLIC.wrong_with(url) or "")
