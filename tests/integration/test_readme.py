"""What the README tells a person to type, typed as it is printed."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.signpost import Service, environment, serving

README = Path(__file__).parents[2] / "README.md"
SECTIONS = ("A first decision", "A walk through the admin API")
PRINTED = "http://127.0.0.1:8000"


def commands() -> str:
    """Join the commands of the sections, in their order."""
    parts = dict(re.findall(r"^## (.*?)\n(.*?)(?=^## |\Z)", README.read_text(), re.DOTALL | re.MULTILINE))
    return "\n".join(
        block for section in SECTIONS for block in re.findall(r"```sh\n(.*?)```", parts[section], re.DOTALL)
    )


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service as `make run` leaves it: its data and the installed program in the folder where one types."""
    folder = tmp_path_factory.mktemp("checkout")
    (folder / ".venv").symlink_to(Path(sys.prefix))
    with serving(folder / ".local", HTTP="direct") as running:
        yield running


def typed(service: Service, script: str) -> subprocess.CompletedProcess[str]:
    """Type a script where the service was started; it ends at the first command that fails."""
    url = f"http://127.0.0.1:{service.port}"
    return subprocess.run(
        ["bash", "-eu", "-o", "pipefail", "-c", script.replace(PRINTED, url)],
        cwd=service.data_dir.parent,
        env={**environment(service.data_dir, URL=url), "PYTHONPATH": str(README.parent)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_command_of_the_walk_works_as_printed(service: Service) -> None:
    done = typed(service, commands())
    assert done.returncode == 0, done.stderr + done.stdout
    place = 0
    for expected in (
        '"number":1,',
        '"variant":"back"',
        '{"key":"home.banner"',
        '"status":412',
        "refused, as it should be",
        "did you mean priority?",
        '"owner":"marketing"',
        '"added":["/placements/1","/rules/1"]',
        '"findings":[',
        '"title":"Frühlingsangebote"',
        '"state":"',
        '"title":"Spring sale"',
        '"comment":"The spring banner"',
        '"revision":2,',
        '"removed":[',
        '"comment":"No banner after all"',
        '"target":"rules/spring-banner"',
        '"name":"the CMS"',
        "site.yaml: sound",
        "there is a difference",
        "published as revision 4",
    ):
        place = done.stdout.find(expected, place)
        assert place >= 0, f"{expected} is not told, or not in its place: {done.stdout}"
