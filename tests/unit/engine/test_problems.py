"""What is wrong with a document reads as something one can mend."""

import pytest

from app.engine.problems import Problem, Problems, did_you_mean, escaped, shown


def test_problems_read_as_a_list_of_places_and_remedies() -> None:
    problems = Problems([Problem("/a/b", "must be a number"), Problem("", "must be an object")])

    assert str(problems) == "/a/b: must be a number; /: must be an object"
    assert problems.problems == (Problem("/a/b", "must be a number"), Problem("", "must be an object"))


@pytest.mark.parametrize(("key", "step"), [("a/b", "a~1b"), ("a~b", "a~0b"), ("~1", "~01"), ("", "")])
def test_a_pointer_escapes_slashes_and_tildes(key: str, step: str) -> None:
    assert escaped(key) == step


def test_the_nearest_known_word_is_proposed() -> None:
    assert did_you_mean("$gtt", ["$gt", "$in"]) == "did you mean $gt?"


def test_all_known_words_are_listed_where_none_is_near() -> None:
    assert did_you_mean("xyz", ["$gt", "$in"]) == "known are $gt, $in"


def test_a_long_word_is_cut_where_it_is_shown() -> None:
    assert shown("ab") == "'ab'"
    assert shown("a" * 60) == f"'{'a' * 60}'"
    assert shown("a" * 1_000_000) == f"'{'a' * 60}…'"
