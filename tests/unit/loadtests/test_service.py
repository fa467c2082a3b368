import sys
from pathlib import Path

import pytest

from loadtests.service import ServiceError, free_port, own_service, target_at


def test_a_running_service_is_named_by_its_address() -> None:
    target = target_at("http://127.0.0.1:8123/", "pk_a", "sk_b", "postgresql://db")
    assert (target.host, target.port) == ("127.0.0.1", 8123)
    assert target_at("http://shop.example", "pk_a", "sk_b", "postgresql://db").port == 80


@pytest.mark.parametrize("url", ["https://shop.example", "shop.example", "http://", "ftp://127.0.0.1"])
def test_only_plain_http_is_replayed_against(url: str) -> None:
    with pytest.raises(ServiceError, match="only an address like"):
        target_at(url, "pk_a", "sk_b", "postgresql://db")


def test_a_head_carries_key_and_further_headers() -> None:
    target = target_at("http://127.0.0.1:81", "pk_a", "sk_b", "postgresql://db")
    head = target.head("PUT", "/api/v1/config", "sk_b", If_Match='"3"').decode()
    assert head.startswith("PUT /api/v1/config HTTP/1.1\r\nHost: 127.0.0.1:81\r\n")
    assert "\r\nAuthorization: Bearer sk_b\r\n" in head
    assert '\r\nIf-Match: "3"\r\n' in head


def test_a_free_port_can_be_had() -> None:
    assert 1_024 <= free_port() <= 65_535


async def test_a_service_that_ends_at_once_is_told_with_its_last_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "signpost"
    program.write_text('#!/bin/sh\necho "no $1 today, $SIGNPOST_WORKERS workers"\nexit 3\n')
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    with pytest.raises(ServiceError, match=r"ended with 3:\nno serve today, 2 workers"):
        async with own_service(2):
            pass
