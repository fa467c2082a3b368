from ipaddress import ip_network
from pathlib import Path

import pytest
from pydantic import ValidationError

from app.settings import Settings
from tests.country_files import write_countries


@pytest.fixture(autouse=True)
def _nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"SIGNPOST_{name.upper()}", raising=False)


def test_nothing_need_be_said() -> None:
    settings = Settings()

    assert (settings.host, settings.port, settings.workers) == ("127.0.0.1", 8000, 1)
    assert settings.data_dir == Path(".local")
    assert settings.journal_dir == Path(".local/journal")
    assert settings.country_db is None
    assert settings.trusted_proxies == settings.webhook_networks == ()
    assert settings.key_requests_per_s is None
    assert settings.database_url is settings.redis_url is settings.admin_key is settings.site_key is None


SAID = {
    "HOST": "::1",
    "HTTP": "asgi",
    "PORT": "0",
    "WORKERS": "2",
    "CONNECTIONS": "1000",
    "DATA_DIR": "/srv/signpost",
    "DATABASE_URL": "postgresql+asyncpg:///signpost",
    "REDIS_URL": "redis://127.0.0.1",
    "URL": "https://signpost.example",
    "ADMIN_KEY": "sk_12345678",
    "SITE_KEY": "pk_12345678",
    "KEY_PEPPER": "x" * 32,
    "PROFILE_BUDGET_MS": "10",
    "PROFILE_TTL_DAYS": "30",
    "HOT_PROFILES": "1000",
    "DECISION_SAMPLE_PERCENT": "2.5",
    "JOURNAL_SYNC": "group",
    "TRUSTED_PROXIES": "10.0.0.0/8",
    "KEY_REQUESTS_PER_S": "50",
    "WEBHOOK_NETWORKS": "127.0.0.0/8",
    "POLL_S": "2",
    "PARENT_PID": "1",
}


def test_every_setting_is_an_environment_variable(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    said = SAID | {"COUNTRY_DB": str(write_countries(tmp_path / "country.mmdb"))}
    assert {name.upper() for name in Settings.model_fields} == set(said)
    for name, value in said.items():
        monkeypatch.setenv(f"SIGNPOST_{name}", value)

    settings = Settings()

    assert {name: str(getattr(settings, name.lower())) for name in said} == {
        **said,
        "PROFILE_BUDGET_MS": "10.0",
        "PROFILE_TTL_DAYS": "30.0",
        "TRUSTED_PROXIES": "(IPv4Network('10.0.0.0/8'),)",
        "KEY_REQUESTS_PER_S": "50.0",
        "WEBHOOK_NETWORKS": "(IPv4Network('127.0.0.0/8'),)",
        "POLL_S": "2.0",
    }
    assert settings.journal_dir == Path("/srv/signpost/journal")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "http"),
        ("PORT", "65536"),
        ("WORKERS", "0"),
        ("WORKERS", "65"),
        ("DATABASE_URL", "garbage"),
        ("DATABASE_URL", "mysql://u:p@127.0.0.1/x"),
        ("DATABASE_URL", "postgresql+psycopg://u:p@127.0.0.1/x"),
        ("DATABASE_URL", "postgresql://u:p@127.0.0.1:http/x"),
        ("REDIS_URL", "foo"),
        ("REDIS_URL", "http://127.0.0.1"),
        ("REDIS_URL", "redis://127.0.0.1:http"),
        ("REDIS_URL", "redis://127.0.0.1?color=red"),
        ("REDIS_URL", "rediss://127.0.0.1?ssl_ca_certs=/nowhere"),
        ("REDIS_URL", "rediss://127.0.0.1?ssl_cert_reqs=perhaps"),
        ("ADMIN_KEY", "pk_12345678"),
        ("ADMIN_KEY", "sk_short"),
        ("ADMIN_KEY", "sk_with space in it"),
        ("SITE_KEY", "sk_12345678"),
        ("KEY_PEPPER", "too short to be of any use"),
        ("PROFILE_BUDGET_MS", "0"),
        ("PROFILE_BUDGET_MS", "inf"),
        ("PROFILE_BUDGET_MS", "nan"),
        ("PROFILE_TTL_DAYS", "-1"),
        ("PROFILE_TTL_DAYS", "0.000001"),
        ("PROFILE_TTL_DAYS", "3651"),
        ("PROFILE_TTL_DAYS", "inf"),
        ("PROFILE_TTL_DAYS", "nan"),
        ("KEY_REQUESTS_PER_S", "0"),
        ("KEY_REQUESTS_PER_S", "0.0001"),
        ("KEY_REQUESTS_PER_S", "inf"),
        ("POLL_S", "0"),
        ("POLL_S", "0.001"),
        ("POLL_S", "inf"),
        ("POLL_S", "nan"),
        ("COUNTRY_DB", "/nowhere/country.mmdb"),
        ("COUNTRY_DB", __file__),
        ("COUNTRY_DB", "/"),
        ("TRUSTED_PROXIES", "10.0.0.1/8"),
        ("TRUSTED_PROXIES", "10.0.0.1,proxy.example"),
    ],
)
def test_what_makes_no_sense_is_refused_by_its_name(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"SIGNPOST_{name}", value)

    with pytest.raises(ValidationError) as caught:
        Settings()

    assert [error["loc"] for error in caught.value.errors()] == [(name.lower(),)]


def test_what_is_empty_is_not_said(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "REDIS_URL", "ADMIN_KEY", "PORT"):
        monkeypatch.setenv(f"SIGNPOST_{name}", "")

    settings = Settings()

    assert settings.database_url is settings.redis_url is settings.admin_key is None
    assert settings.port == 8000


@pytest.mark.parametrize("scheme", ["postgresql+asyncpg", "postgresql", "postgres"])
def test_a_database_is_said_in_each_usual_way(scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGNPOST_DATABASE_URL", f"{scheme}://u:p@127.0.0.1/x")

    assert Settings().database_url == f"{scheme}://u:p@127.0.0.1/x"


@pytest.mark.parametrize(
    ("name", "value"),
    [("DATABASE_URL", "postgresql://u:secret/more"), ("REDIS_URL", "redis://u:secret/more@127.0.0.1")],
)
def test_a_password_in_a_broken_address_is_not_told(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"SIGNPOST_{name}", value)

    with pytest.raises(ValidationError) as caught:
        Settings()

    assert "secret" not in caught.value.errors()[0]["msg"]


def test_a_file_of_countries_that_cannot_be_used_is_refused_with_the_reason(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SIGNPOST_COUNTRY_DB", __file__)

    with pytest.raises(ValidationError, match=r"test_settings\.py is no MaxMind file"):
        Settings()


def test_trusted_proxies_are_addresses_and_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGNPOST_TRUSTED_PROXIES", "10.0.0.0/8, 192.0.2.7,,2001:db8::/32 ,")

    said = Settings().trusted_proxies

    assert [str(network) for network in said] == ["10.0.0.0/8", "192.0.2.7/32", "2001:db8::/32"]


def test_settings_can_be_said_in_a_program_too() -> None:
    networks = (ip_network("10.0.0.0/8"),)

    assert Settings(trusted_proxies=networks).trusted_proxies == networks


def test_settings_do_not_change() -> None:
    with pytest.raises(ValidationError):
        Settings().port = 1
