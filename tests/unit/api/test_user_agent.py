from typing import Any

import pytest
from crawleruseragents import CRAWLER_USER_AGENTS_DATA  # type: ignore[import-untyped]  # it ships no types
from hypothesis import given
from hypothesis import strategies as st

from app.api.user_agent import LONGEST, agent_of, load_patterns
from tests.serving import BROWSER

CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0"
GOOGLE = "(compatible; Googlebot/2.1; +http://www.google.com/bot.html)"


@pytest.mark.parametrize(
    ("user_agent", "device", "browser", "os"),
    [
        (f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {CHROME} Safari/537.36", "desktop", "chrome", "windows"),
        (
            f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {CHROME} Safari/537.36 Edg/130.0.2849.68",
            "desktop",
            "edge",
            "windows",
        ),
        (
            f"Mozilla/5.0 (Linux; Android 10; K) {CHROME} Mobile Safari/537.36",
            "mobile",
            "chrome mobile",
            "android",
        ),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/17.6 Safari/605",
            "desktop",
            "safari",
            "mac os x",
        ),
        (BROWSER, "desktop", "firefox", "linux"),
    ],
)
def test_a_browser_is_named(user_agent: str, device: str, browser: str, os: str) -> None:
    assert agent_of(user_agent) == {"device": device, "browser": browser, "os": os, "bot": False}


@pytest.mark.parametrize("user_agent", ["", "-", "nobody/1.0", "é", "\ud800", "\0", "a" * LONGEST])
def test_of_garbage_nothing_is_known(user_agent: str) -> None:
    assert agent_of(user_agent) == {"device": "other", "browser": None, "os": None, "bot": False}


@given(st.text(st.characters(), max_size=LONGEST))
def test_no_text_is_too_odd_to_be_read(user_agent: str) -> None:
    assert set(agent_of(user_agent)) == {"device", "browser", "os", "bot"}


@pytest.mark.parametrize(
    "user_agent", [f"Mozilla/5.0 {GOOGLE}", "Mozilla/5.0 HeadlessChrome/140", "bingbot/2.0"]
)
def test_robots_are_told_apart(user_agent: str) -> None:
    assert agent_of(user_agent)["bot"] is True


@pytest.mark.parametrize(
    "user_agent", ["okhttp/4.12", "curl/8.9.1", "python-httpx/0.28.1", "Go-http-client/1.1"]
)
def test_a_program_that_asks_for_its_visitor_is_no_robot(user_agent: str) -> None:
    assert agent_of(user_agent)["bot"] is False


def test_a_robot_that_asks_as_a_phone_does_is_a_phone() -> None:
    agent = agent_of(f"Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X) {CHROME} Mobile Safari/537.36 {GOOGLE}")

    assert (agent["device"], agent["bot"]) == ("mobile", True)


def robots() -> list[str]:
    data: list[dict[str, Any]] = CRAWLER_USER_AGENTS_DATA
    return [seen for known in data if "http-library" not in known["tags"] for seen in known["instances"]]


def test_every_robot_of_the_list_is_known_for_one() -> None:
    assert [seen for seen in robots() if not agent_of(seen[:LONGEST])["bot"]] == []


def test_what_is_remembered_does_not_grow_without_bound() -> None:
    for number in range(3_000):
        agent_of(f"nobody/{number}")

    assert agent_of.cache_info().currsize < 3_000


def test_the_same_user_agent_is_read_once() -> None:
    assert agent_of(BROWSER) is agent_of(BROWSER)


def test_patterns_are_compiled_once_however_often_they_are_loaded() -> None:
    load_patterns()
    load_patterns()

    assert agent_of("bingbot/2.1")["bot"] is True
