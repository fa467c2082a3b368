"""The service asked at random, in every form that its OpenAPI document allows or forbids: `make fuzz`."""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import httpx

from tests.fuzz.refusals import OWN_KEY
from tests.fuzz.report import Report, read_report
from tests.fuzz.site import open_site
from tests.service import Service, serving

CONFIG = Path(__file__).with_name("schemathesis.toml")
LEAST_EXAMPLES = 2_000


class Options(argparse.Namespace):
    """What the command line says."""

    examples: int
    phases: str
    seed: int
    folder: Path | None


def fuzz(folder: Path, *options: str) -> Report:
    """Run schemathesis against a service of its own in a folder; `options` are those of its command line."""
    # Every decision is kept, so that it can be asked for.
    with serving(folder, SIGNPOST_DECISION_SAMPLE_PERCENT="100") as service:
        open_site(service)
        written = folder / "report.ndjson"
        run = subprocess.run(
            [*_command(service, written), *options],
            env={**os.environ, OWN_KEY: _id_of_own_key(service)},
            check=False,
        )
        _id_of_own_key(service)
        return read_report(written, failed=run.returncode != 0)


def _command(service: Service, written: Path) -> Sequence[str]:
    at, key = f"{service.url}/openapi.json", f"Authorization: Bearer {service.secret_key}"
    schemathesis = (sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIG))
    return (*schemathesis, "run", at, "-H", key, "--report", "ndjson", "--report-ndjson-path", str(written))


def _id_of_own_key(service: Service) -> str:
    """Find the key that asks; raises where it is an admin's no more."""
    headers = {"Authorization": f"Bearer {service.secret_key}"}
    keys = (
        httpx.get(f"{service.url}/api/v1/keys?limit=200", headers=headers).raise_for_status().json()["items"]
    )
    return str(next(key["id"] for key in keys if key["name"] == "first secret key"))


def parse_options(arguments: Sequence[str] | None = None) -> Options:
    """Read the command line; ends the program where it is wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.run", description=__doc__)
    parser.add_argument("--examples", type=int, default=20, help="of each operation, beside those by rote")
    parser.add_argument("--phases", default="examples,coverage,fuzzing,stateful")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="where the service and the report are kept; else nowhere")
    return parser.parse_args(arguments, namespace=Options())


def main(arguments: Sequence[str] | None = None) -> int:
    """Fuzz; answers 1 where anything failed."""
    options = parse_options(arguments)
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        asked = ("-n", str(options.examples), "--phases", options.phases, "--seed", str(options.seed))
        report = fuzz(folder, *asked)
    print(report)  # noqa: T201 - the figures are what this is for
    return int(report.failed or report.examples < LEAST_EXAMPLES)


if __name__ == "__main__":
    sys.exit(main())
