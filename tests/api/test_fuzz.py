"""The service asked at random; `make fuzz` is the long form of it."""

from pathlib import Path

from tests.fuzz.run import fuzz

# Each operation by itself, then a few walks along the links; always the same ones.
_SHORT = ("--phases", "examples,fuzzing,stateful", "-n", "2", "--seed", "1", "--generation-deterministic")


def test_the_service_keeps_to_its_openapi_document_whatever_it_is_asked(tmp_path: Path) -> None:
    report = fuzz(tmp_path, _SHORT)

    assert not report.failed
    assert len(report.operations) > 100
