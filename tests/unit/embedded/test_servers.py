from pathlib import Path

import pytest

from app.embedded.lease import is_held
from app.embedded.servers import EmbeddedError, start


def test_a_data_folder_that_cannot_be_made_is_named_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(
        EmbeddedError, match=r"no servers in .*/file/data: .* set SIGNPOST_DATA_DIR to a folder"
    ):
        start(tmp_path / "file" / "data")


def test_a_start_that_fails_keeps_no_lease(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Without any programs not even a reaper can be started.
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EmbeddedError, match="setsid"):
        start(tmp_path / "data")

    assert not is_held(tmp_path / "data" / "lease")
