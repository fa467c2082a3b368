"""What is written is read again, and everybody reads the same."""

from typing import Any

import msgspec
import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.admin.config.examples import CONFIG, CONFIG_AS_YAML
from app.admin.config.given import checking
from app.admin.config.read_yaml import YamlError, reading
from app.admin.config.write_yaml import writing
from app.kit.steps import finished

ROOM = 2**20

# What some version of YAML, or some reader of it, takes for something else than text.
TRICKY = [
    "",
    " ",
    "~",
    "no",
    "NO",
    "off",
    "y",
    "N",
    "null",
    "Null",
    "true",
    "1e3",
    "1e400",
    "0x1f",
    "0o17",
    "017",
    "1_000",
    "1:20",
    "190:20:30",
    "2026-11-22",
    "2026-11-22T09:00:00Z",
    ".inf",
    "-.INF",
    ".nan",
    ".5",
    "-",
    "+",
    "- a",
    "---",
    "...",
    "<<",
    "=",
    "a: b",
    "a #b",
    "#b",
    "&a",
    "*a",
    "!a",
    "%YAML 1.1",
    "@a",
    "`a",
    "{a",
    "[a",
    "a\n",
    "\na",
    "\n",
    "\n\n",
    " a\n b\n",
    "a \nb",
    "a\n \nb",
    "a\rb",
    "a\r\nb",
    "a\tb",
    "\ta\n",
    "a\x85b",
    "a\u2028b\u2029",
    "\ufeffa",
    "a\ufeff",
    "\x7f\x1b\x00",
    "Frühling",
    "日本",
    "😀",
    "'",
    '"',
    "\\",
    "a'b\"c",
    "x" * 5_000,
    "x y " * 500,
]
texts = st.text(st.characters(exclude_categories=["Cs"])) | st.sampled_from(TRICKY)
floats = st.floats(allow_nan=False, allow_infinity=False)
scalars = st.none() | st.booleans() | st.integers(-(2**80), 2**80) | floats | texts
documents = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4)
)


def read(text: str | bytes, room: int = ROOM) -> Any:
    return finished(reading(text.encode() if isinstance(text, str) else text, limit=room))


def written(document: Any) -> bytes:
    return finished(writing(document))


def told(document: Any) -> bytes:
    """Tell values of different types apart: in Python 1 is True and 1.0."""
    return msgspec.json.encode(document, order="deterministic")


@settings(max_examples=500, deadline=None)
@given(documents)
@example(TRICKY)
@example({text: text for text in TRICKY})
@example({text: {"a": [text, {text: [text]}]} for text in TRICKY})
@example([[[]], {}, [{}], {"a": []}])
@example([1e22, 5e-324, 1.0, -0.0, 1.7976931348623157e308, 2**70, True, None])
def test_what_is_written_is_read_again_to_the_type(document: Any) -> None:
    assert told(read(written(document))) == told(document)


@settings(max_examples=200, deadline=None)
@given(documents)
@example(TRICKY)
@example([1e22, 5e-324, 1.0, 2**70])
def test_who_knows_yaml_1_1_alone_reads_the_same(document: Any) -> None:
    assert told(yaml.safe_load(written(document))) == told(document)


@pytest.mark.parametrize("word", ["9" * 4_300, "0x" + "f" * 3_571, "0o" + "7" * 4_298])
def test_the_largest_number_is_one_that_can_be_written_too(word: str) -> None:
    assert read(written(read(f"a: {word}"))) == {"a": int(word, 0)}


def test_json_is_yaml() -> None:
    assert read(msgspec.json.encode(CONFIG)) == CONFIG


def test_it_is_written_as_people_write_it() -> None:
    document = {
        "key": "a",
        "list": [1, {"b": None, "c": "two\nlines\n"}],
        "empty": [],
        "none": {},
        "no": "no",
    }
    assert written(document).decode() == (
        "key: a\nlist:\n- 1\n- b: null\n  c: |\n    two\n    lines\nempty: []\nnone: {}\n'no': 'no'\n"
    )


@pytest.mark.parametrize(
    "word", ["NO", "off", "yes", "y", "1:20", "2026-11-22", "1_000", "0b1", "1.2.3", "<<", "=", "1e", "+-1"]
)
def test_a_word_that_the_core_schema_does_not_name_is_text(word: str) -> None:
    assert read(f"a: {word}") == {"a": word}
    assert read(f"{word}: 1") == {word: 1}


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("", None),
        ("~", None),
        ("null", None),
        ("TRUE", True),
        ("False", False),
        ("12", 12),
        ("-0", 0),
        ("+012", 12),
        ("0o17", 15),
        ("0xFf", 255),
        ("1.", 1.0),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("-1.5E-3", -0.0015),
        ("'12'", "12"),
        ('"\\u0041"', "A"),
    ],
)
def test_a_word_that_it_names_is_what_it_stands_for(word: str, value: Any) -> None:
    got = read(f"a: {word}")["a"]
    assert (got, type(got)) == (value, type(value))


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        ("a: 1\nb: {", "line 3, column 1", "did not find expected node content"),
        ("a: 1\n  b: 2", "line 2, column 4", ""),
        ("a: 1\nb: 2\na: 3", "line 3, column 1", "the key 'a' stands here for the second time"),
        ('"a": 1\na: 3', "line 2, column 1", "second time"),
        ("1: a", "line 1, column 1", "a key must be text"),
        ("? [a]\n: b", "line 1, column 3", "a key must be text"),
        ("a:\n- !!str 1", "line 2, column 3", "tags such as"),
        ("!!python/object:os.system {}", "line 1, column 1", "tags such as"),
        ("a: ! 1", "line 1, column 4", "tags such as"),
        ("a: .inf", "line 1, column 4", "no number in JSON"),
        ("a: 1e999", "line 1, column 4", "too large for a number"),
        ("a: " + "9" * 5_000, "line 1, column 4", "more than 4300 digits"),
        ("a: 0x" + "f" * 3_572, "line 1, column 4", "more than 4300 digits"),
        ("b: [1]\na: 0o" + "7" * 5_000, "line 2, column 4", "more than 4300 digits"),
        ("a: *b", "line 1, column 4", "no value with the anchor &b"),
        ("a: &b [*b]", "line 1, column 8", "no value with the anchor &b"),
        ("a: &b 1\nc: &b [*b]", "line 2, column 8", "no value with the anchor &b"),
        ("a: 1\n---\nb: 2", "line 2, column 1", "another document"),
        ("[" * 129, "line 1, column 129", "128 levels"),
        ("- " * 129, "line 1, column 257", "128 levels"),
    ],
)
def test_what_cannot_be_taken_is_named_by_line_and_column(text: str, place: str, said: str) -> None:
    with pytest.raises(YamlError) as raised:
        read(text)
    assert str(raised.value).startswith(f"{place}: ")
    assert said in str(raised.value)


@pytest.mark.parametrize("content", [b"a: b\nc: \xff", b"a: b\nc: \x07", b"a: b\nc: \xed\xa0\x80"])
def test_bytes_that_are_no_text_are_named_by_line(content: bytes) -> None:
    with pytest.raises(YamlError, match=r"^line 2, column 4: "):
        read(content)


@settings(max_examples=300, deadline=None)
@given(st.binary() | st.text(alphabet="ab:-[]{}&*!'\"\n #|>?%,1.~").map(str.encode))
def test_garbage_is_refused_or_read_and_nothing_else_happens(content: bytes) -> None:
    try:
        document = read(content)
    except YamlError:
        return
    assert told(document)


def test_an_alias_is_what_its_anchor_was() -> None:
    assert read("a: &x {b: [1]}\nc: *x\nd: &x 2\ne: *x") == {"a": {"b": [1]}, "c": {"b": [1]}, "d": 2, "e": 2}


def test_a_key_may_be_an_alias() -> None:
    assert read("a: &x b\n*x : 1") == {"a": "b", "b": 1}


def test_a_few_lines_never_stand_for_gigabytes() -> None:
    levels = (f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 20))
    lines = [f"a0: &a0 [{', '.join(['lol'] * 9)}]", *levels]
    with pytest.raises(YamlError, match="with its aliases written out the document is too large"):
        read("\n".join(lines))


def test_an_alias_counts_with_what_it_stands_for() -> None:
    text = f"a: &a '{'x' * 1_000}'\nb: [*a, *a]"
    assert len(read(text, room=4_000)["b"]) == 2
    with pytest.raises(YamlError, match="too large"):
        read(text, room=3_000)


def test_of_nothing_comes_nothing() -> None:
    assert read("") is None
    assert read("# a comment\n") is None


def test_the_example_is_a_sound_configuration() -> None:
    document = read(CONFIG_AS_YAML)
    finished(checking(document))
    assert document["rules"][0]["audience"]["condition"] == {"context.country": "NO"}


def test_it_is_read_and_written_in_small_steps() -> None:
    document = {"rules": [{"key": f"r{number}", "a": {"b": number}} for number in range(1_000)]}
    steps = reading(written(document), limit=ROOM)
    assert sum(1 for _ in steps) > 5_000
    assert sum(1 for _ in writing(document)) > 5_000
