"""`signpost config` beside a running service."""

import argparse
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

import httpx
import pytest

from app.admin.config.examples import CONFIG
from app.cli import config_parser
from app.cli.terminal import CommandError
from app.settings import Settings
from tests.integration.signpost import Service, serving, signpost
from tests.waiting import wait_until


@dataclass(frozen=True)
class Site:
    """A site of the service, and the two keys of it."""

    url: str
    public_key: str
    secret_key: str

    def ask(self, method: str, path: str, **said: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.secret_key}", **said.pop("headers", {})}
        return httpx.request(method, f"{self.url}{path}", headers=headers, **said)

    def draft(self) -> httpx.Response:
        return self.ask("GET", "/api/v1/config")

    def put(self, document: Any) -> None:
        put = self.ask("PUT", "/api/v1/config", json=document, headers={"If-Match": "*"})
        assert put.status_code == 200, put.text

    def is_published(self) -> bool:
        return bool(self.decides("nobody")["revision"])

    def decides(self, visitor: str) -> Any:
        body = {"visitor": {"id": visitor}, "placements": ["home.hero"]}
        return self.ask("POST", "/decide", json=body).json()


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with serving(tmp_path_factory.mktemp("config") / "data") as running:
        yield running


@pytest.fixture
def new_site(service: Service, tmp_path: Path) -> Callable[[str], Site]:
    """Make a site as its operator does, and wait until its keys are known."""

    def make(name: str) -> Site:
        made = signpost("site", "create", f"{tmp_path.name}-{name}", data_dir=service.data_dir)
        words = made.stdout.split()
        site = Site(f"http://127.0.0.1:{service.port}", words[2], words[5])
        wait_until(lambda: site.draft().status_code == httpx.codes.OK)
        return site

    return make


@pytest.fixture
def site(new_site: Callable[[str], Site]) -> Site:
    return new_site("here")


def run(action: str, *arguments: str, of: Site | None = None) -> int:
    """Run a command in this process."""
    parser = argparse.ArgumentParser()
    config_parser.add_to(parser.add_subparsers())
    where = ("--url", of.url, "--key", of.secret_key) if of is not None else ()
    options = parser.parse_args(["config", action, *arguments, *where])
    return int(resolve_name(f"app.cli.{options.run}")(Settings(), options))


def refused(action: str, *arguments: str, of: Site | None = None) -> tuple[int, str]:
    with pytest.raises(CommandError) as raised:
        run(action, *arguments, of=of)
    return raised.value.code, str(raised.value)


@pytest.mark.parametrize("name", ["shop.yaml", "shop.json"])
def test_what_was_pulled_differs_in_nothing(
    site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    site.put(CONFIG)
    file = str(tmp_path / name)
    assert run("pull", file, of=site) == 0
    assert run("diff", file, of=site) == 0
    assert capsys.readouterr().out == "no difference\n"


def test_a_difference_is_told_and_changes_nothing(
    site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    site.put(CONFIG)
    (tmp_path / "shop.yaml").write_text("site: {timezone: UTC}\n")
    assert run("diff", str(tmp_path / "shop.yaml"), of=site) == 1
    told = capsys.readouterr().out
    assert '    ~ /timezone: "Europe/London" → "UTC"\n' in told
    assert told.endswith("0 added, 1 changed, 5 removed\n")
    assert site.draft().json() == CONFIG


def test_a_push_tells_and_does_the_same_and_publishes_where_it_is_asked(
    site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "shop.json"
    file.write_text(json.dumps(CONFIG))
    assert run("push", str(file), "--publish", "by hand", of=site) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[-2:] == ["6 added, 0 changed, 0 removed", "published as revision 1"]
    assert site.draft().json() == CONFIG
    assert site.ask("GET", "/api/v1/revisions/1").json()["comment"] == "by hand"


def test_what_somebody_has_changed_since_is_not_overwritten(site: Site, tmp_path: Path) -> None:
    file = str(tmp_path / "shop.yaml")
    site.put(CONFIG)
    run("pull", file, of=site)
    site.put({"site": {}})
    code, text = refused("push", file, of=site)
    assert code == 1
    assert "412 it was changed since" in text
    assert site.draft().json() == {"site": {}}
    assert run("push", file, "--if-match", "*", of=site) == 0
    assert run("push", file, of=site) == 0
    assert site.draft().json() == CONFIG


def test_a_copy_of_a_site_has_the_same_draft_and_decides_the_same(
    new_site: Callable[[str], Site], tmp_path: Path
) -> None:
    here, there = new_site("here"), new_site("there")
    here.put(CONFIG)
    file, copy = str(tmp_path / "shop.yaml"), str(tmp_path / "copy.yaml")
    run("pull", file, of=here)
    Path(copy).write_bytes(Path(file).read_bytes())
    for each, name in ((here, file), (there, copy)):
        assert run("push", name, "--publish", "the same", of=each) == 0
        wait_until(each.is_published)
    (draft, copied) = (each.draft() for each in (here, there))
    assert (draft.content, draft.headers["etag"]) == (copied.content, copied.headers["etag"])
    for number in range(20):
        one, other = (each.decides(f"v-{number}") for each in (here, there))
        assert one.pop("decision_id") != other.pop("decision_id")
        assert one == other


def test_what_cannot_be_published_is_pushed_and_told(site: Site, tmp_path: Path) -> None:
    file = tmp_path / "shop.yaml"
    file.write_text("rules: [{key: r, placements: [p], deliver: {variant: v}}]\n")
    code, text = refused("push", str(file), "--publish", "", of=site)
    assert code == 1
    assert "/rules/0" in text
    assert len(site.draft().json()["rules"]) == 1


def test_warnings_of_a_publish_are_told(
    site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "shop.yaml"
    file.write_text("segments: [{key: s, condition: {traits.age: {$lt: 3}}}]\n")
    assert run("push", str(file), "--publish", "", of=site) == 0
    assert run("check", str(file)) == 0
    told = capsys.readouterr().err.splitlines()
    assert [line for line in told if "/segments/0/condition/traits.age" in line] == told
    assert len(told) == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("site: {timezone: 7}", "/site/timezone: must be a string"),
        ("rules: [{key: r, placements: [p], deliver: {variant: v}}]", "/rules/0"),
        ("site: {identity_secret: long enough to be one}\nextra: 1", "/extra"),
        ("site: {}\nsite: {}", "line 2, column 1: "),
    ],
)
def test_what_could_not_be_published_is_found_without_a_service(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "shop.yaml"
    file.write_text(text)
    code, told = refused("check", str(file))
    assert code == 1
    assert said in told


def test_a_sound_file_is_said_to_be_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "shop.json"
    file.write_text(json.dumps(CONFIG | {"site": {"identity_secret": "long enough to be one"}}))
    assert run("check", str(file)) == 0
    assert capsys.readouterr().out == f"{file}: sound\n"


def test_a_key_that_may_not_do_this_is_told(site: Site, tmp_path: Path) -> None:
    (tmp_path / "shop.yaml").write_text("{}")
    public = Site(site.url, "", site.public_key)
    code, text = refused("push", str(tmp_path / "shop.yaml"), of=public)
    assert (code, "403" in text) == (2, True)


def test_where_and_with_which_key_the_settings_say(service: Service, tmp_path: Path) -> None:
    file = tmp_path / "shop.yaml"
    around = {"PORT": str(service.port)}
    kept = signpost("config", "pull", str(file), data_dir=service.data_dir, **around)
    assert (kept.returncode, kept.stderr) == (0, "")
    said = {"URL": f"http://127.0.0.1:{service.port}/", "ADMIN_KEY": service.keys["secret_key"]}
    assert signpost("config", "diff", str(file), data_dir=tmp_path, **said).returncode == 0
    without = signpost("config", "diff", str(file), data_dir=tmp_path)
    assert (without.returncode, without.stderr) == (2, "signpost: no key: say SIGNPOST_ADMIN_KEY or --key\n")
    away = signpost("config", "diff", str(file), data_dir=tmp_path, **said | {"URL": "http://127.0.0.1:1"})
    assert away.returncode == 2
    assert away.stderr.startswith("signpost: http://127.0.0.1:1 cannot be asked: ")


def test_the_exit_codes_stand_in_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    for action in ("pull", "diff", "push", "check"):
        with pytest.raises(SystemExit):
            run(action, "--help")
        told = capsys.readouterr().out
        assert "Exit codes:" in told
        assert "SIGNPOST_URL" in told


def test_a_file_must_be_named(tmp_path: Path) -> None:
    assert signpost("config", "check", data_dir=tmp_path).returncode == 2
