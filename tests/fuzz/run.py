"""The service asked at random, in every form that its OpenAPI document allows or forbids: `make fuzz`."""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import httpx

from tests.fuzz.refusals import OWN_KEY
from tests.fuzz.report import Report
from tests.fuzz.site import open_site
from tests.service import Service, serving

CONFIG = Path(__file__).with_name("schemathesis.toml")
LEAST_EXAMPLES = 2_000
PATIENCE_S = 60
# Schemathesis ends its walks along links early, wherever one answer differs from the last time: so it takes
# them up again, with another seed.
ROUNDS = 8


class Options(argparse.Namespace):
    """What the command line says."""

    examples: int
    seed: int
    folder: Path | None


def fuzz(folder: Path, *runs: Sequence[str]) -> Report:
    """Run schemathesis against a service of its own in a folder, once with each of these options."""
    report = Report()
    # Every decision is kept, so that it can be asked for.
    with serving(folder, SIGNPOST_DECISION_SAMPLE_PERCENT="100") as service:
        open_site(service)
        # The document is made when it is first asked for, for longer than schemathesis waits.
        httpx.get(f"{service.url}/openapi.json", timeout=PATIENCE_S).raise_for_status()
        environment = {**os.environ, OWN_KEY: _id_of_own_key(service)}
        for options in runs:
            written = folder / "report.ndjson"
            run = subprocess.run([*_command(service, written), *options], env=environment, check=False)
            report.add(written, failed=run.returncode != 0)
        _id_of_own_key(service)
    return report


def _command(service: Service, written: Path) -> Sequence[str]:
    at, key = f"{service.url}/openapi.json", f"Authorization: Bearer {service.secret_key}"
    schemathesis = (sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIG))
    return (*schemathesis, "run", at, "-H", key, "--report", "ndjson", "--report-ndjson-path", str(written))


def _id_of_own_key(service: Service) -> str:
    """Find the key that asks; raises where it is an admin's no more."""
    headers, params = {"Authorization": f"Bearer {service.secret_key}"}, {"limit": "200"}
    found: dict[str, str] = {}
    while not found:
        page = (
            httpx.get(f"{service.url}/api/v1/keys", params=params, headers=headers, timeout=PATIENCE_S)
            .raise_for_status()
            .json()
        )
        found = {key["name"]: key["id"] for key in page["items"] if key["name"] == "first secret key"}
        params["cursor"] = page["next_cursor"]
    return found["first secret key"]


def parse_options(arguments: Sequence[str] | None = None) -> Options:
    """Read the command line; ends the program where it is wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.run", description=__doc__)
    parser.add_argument("--examples", type=int, default=15, help="of each operation, beside those by rote")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="where the service and the report are kept; else nowhere")
    return parser.parse_args(arguments, namespace=Options())


def runs_of(options: Options) -> Iterator[Sequence[str]]:
    """List the runs of the long form: every operation by itself, then walks along the links."""
    phases = "examples,coverage,fuzzing"
    yield ("--phases", phases, "-n", str(options.examples), "--seed", str(options.seed))
    for seed in range(options.seed, options.seed + ROUNDS):
        yield ("--phases", "stateful", "-n", str(options.examples), "--seed", str(seed))


def main(arguments: Sequence[str] | None = None) -> int:
    """Fuzz; answers 1 where anything failed."""
    options = parse_options(arguments)
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        report = fuzz(folder, *runs_of(options))
    print(report)  # noqa: T201 - the figures are what this is for
    print(f"{time.monotonic() - started:.0f} s")  # noqa: T201 - so is this
    return int(report.failed or report.examples < LEAST_EXAMPLES)


if __name__ == "__main__":
    sys.exit(main())
