import pytest

from app.kit.steps import finished
from app.web.etag import Precondition, etag_of, has, tagging
from app.web.problems import PreconditionMissingError, ProblemError, StaleError

NOW = '"now"'


def test_the_same_bytes_have_the_same_etag_and_others_another() -> None:
    assert etag_of(b"a") == etag_of(b"a") != etag_of(b"b")


def test_an_etag_does_not_tell_in_which_pieces_it_was_made() -> None:
    assert finished(tagging([b"", b"ab", b"c"])) == etag_of(b"abc")
    assert finished(tagging([])) == etag_of(b"")


def test_an_etag_is_strong_and_quoted() -> None:
    etag = etag_of(b"a")
    assert etag[0] == etag[-1] == '"'


@pytest.mark.parametrize("given", [NOW, f'"old", {NOW}', f'W/"old",{NOW}', "*", f" {NOW} "])
def test_who_saw_the_current_state_may_change_it(given: str) -> None:
    Precondition(if_match=given).check(NOW)


@pytest.mark.parametrize("given", ['"old"', f"W/{NOW}", "now", "", '"no', '"*"', f"x{NOW}"])
def test_who_saw_another_state_or_says_garbage_is_stale(given: str) -> None:
    with pytest.raises(StaleError) as raised:
        Precondition(if_match=given).check(NOW)
    assert raised.value.headers == {"ETag": NOW}


def test_who_does_not_say_what_he_saw_must() -> None:
    with pytest.raises(PreconditionMissingError):
        Precondition().check(NOW)


def test_nothing_need_be_said_of_what_is_not_there_yet() -> None:
    Precondition().check(NOW, is_new=True)


def test_only_if_new_holds_for_what_is_new() -> None:
    Precondition(if_none_match="*").check(NOW, is_new=True)


def test_only_if_new_fails_for_what_is_there() -> None:
    with pytest.raises(StaleError):
        Precondition(if_none_match="*").check(NOW)


def test_any_other_if_none_match_says_nothing_about_a_change() -> None:
    with pytest.raises(PreconditionMissingError):
        Precondition(if_none_match='"old"').check(NOW)


def test_a_stale_etag_is_stale_even_where_nothing_is_there() -> None:
    with pytest.raises(StaleError):
        Precondition(if_match='"old"').check(NOW, is_new=True)


@pytest.mark.parametrize("precondition", [Precondition(), Precondition(if_none_match="*")])
def test_what_is_not_there_may_be_made(precondition: Precondition) -> None:
    precondition.check_absent()


@pytest.mark.parametrize("given", [NOW, "*"])
def test_what_is_not_there_cannot_be_what_somebody_saw(given: str) -> None:
    with pytest.raises(ProblemError) as raised:
        Precondition(if_match=given).check_absent()
    assert (raised.value.status, raised.value.headers) == (412, {})


@pytest.mark.parametrize("given", [NOW, f"W/{NOW}", f'"old", W/{NOW}', "*", f" {NOW} "])
def test_who_has_the_current_state_need_not_read_it_again(given: str) -> None:
    assert has(given, NOW)


@pytest.mark.parametrize("given", [None, "", '"old"', "now", '"no', '"*"', f"x{NOW}"])
def test_who_has_another_state_or_says_garbage_reads_it(given: str | None) -> None:
    assert not has(given, NOW)
