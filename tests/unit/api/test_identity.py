import pytest

from app.api.identity import caller_of, proven_user, site_of
from app.api.wire import VisitorBody
from app.rulesets.live import LiveRulesets, LiveSite
from app.web.keyring import Caller
from app.web.problems import ProblemError, UnauthorizedError
from tests.unit.api.edge import (
    PUBLIC,
    PUBLIC_CALLER,
    SECRET,
    SECRET_CALLER,
    SITE,
    keyring,
    live_site,
    proof_of,
    request,
)


def user_of(caller: Caller | None, **visitor: str | None) -> str | None:
    assert caller is not None
    return proven_user(VisitorBody(**visitor), caller, live_site())


@pytest.mark.parametrize("header", [f"Bearer {PUBLIC}", f"bearer {PUBLIC}", f"BEARER   {PUBLIC} "])
def test_a_key_is_found_in_the_header(header: str) -> None:
    assert caller_of(request(headers={"Authorization": header}), keyring()) == PUBLIC_CALLER


def test_a_secret_key_is_found_in_the_header() -> None:
    assert caller_of(request(headers={"Authorization": f"Bearer {SECRET}"}), keyring()) == SECRET_CALLER


def test_a_public_key_is_found_in_the_address() -> None:
    assert caller_of(request(query=f"key={PUBLIC}"), keyring()) == PUBLIC_CALLER


def test_a_header_of_another_kind_does_not_hide_the_key_in_the_address() -> None:
    asked = request(query=f"key={PUBLIC}", headers={"Authorization": "Basic dTpw"})

    assert caller_of(asked, keyring()) == PUBLIC_CALLER


@pytest.mark.parametrize(
    ("header", "query"),
    [
        (None, ""),
        ("", ""),
        ("Bearer", ""),
        ("Bearer ", ""),
        ("Bearer pk_unknown", ""),
        (f"Basic {PUBLIC}", ""),
        (PUBLIC, ""),
        (None, "key="),
        (None, "key=pk_unknown"),
        (None, "key=%00%FF"),
        ("Bearer pk_unknown", f"key={PUBLIC}"),
        ("Bearer \xff", ""),
    ],
)
def test_without_a_known_key_nobody_is_let_in(header: str | None, query: str) -> None:
    headers = {} if header is None else {"Authorization": header}

    with pytest.raises(UnauthorizedError) as caught:
        caller_of(request(query=query, headers=headers), keyring())

    assert caught.value.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_secret_key_in_an_address_is_refused() -> None:
    with pytest.raises(UnauthorizedError, match="belongs in the Authorization header"):
        caller_of(request(query=f"key={SECRET}"), keyring())


def test_a_caller_has_the_site_of_its_key() -> None:
    rulesets = LiveRulesets()
    rulesets.replace({SITE: live_site()})
    assert PUBLIC_CALLER is not None

    assert site_of(PUBLIC_CALLER, rulesets) == live_site()


def test_a_site_that_is_not_known_yet_is_to_be_asked_for_again() -> None:
    assert PUBLIC_CALLER is not None
    with pytest.raises(ProblemError) as caught:
        site_of(PUBLIC_CALLER, LiveRulesets())

    assert (caught.value.status, caught.value.headers) == (503, {"Retry-After": "1"})


def test_nobody_is_who_does_not_say_who_it_is() -> None:
    assert user_of(PUBLIC_CALLER, id="v-1") is None
    assert user_of(SECRET_CALLER, id="v-1") is None


def test_a_server_is_believed() -> None:
    assert user_of(SECRET_CALLER, user_id="u-1") == "u-1"


@pytest.mark.parametrize("user", ["u-1", "é", "x" * 128])
def test_a_page_is_believed_with_a_proof(user: str) -> None:
    assert user_of(PUBLIC_CALLER, user_id=user, user_proof=proof_of(user)) == user
    assert user_of(PUBLIC_CALLER, user_id=user, user_proof=proof_of(user).upper()) == user


@pytest.mark.parametrize(
    "proof",
    [None, "", "0" * 64, proof_of("u-2"), proof_of("u-1", "another secret"), proof_of("u-1")[:-1], "é"],
)
def test_a_page_is_not_believed_without_one(proof: str | None) -> None:
    assert user_of(PUBLIC_CALLER, user_id="u-1", user_proof=proof) is None


def test_a_well_known_vector_pins_the_proof() -> None:
    fox = "The quick brown fox jumps over the lazy dog"
    proof = "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8"
    site = LiveSite(SITE, "shop", "key", None)
    assert PUBLIC_CALLER is not None

    assert proven_user(VisitorBody(user_id=fox, user_proof=proof), PUBLIC_CALLER, site) == fox
