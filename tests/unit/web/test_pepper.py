import logging
import stat
from pathlib import Path

import pytest

from app.web.keyring import hash_of
from app.web.pepper import FILE, pepper_of, peppers_of

SAID = "said in the settings, long enough"


def test_a_text_stands_for_the_same_pepper_on_every_host() -> None:
    assert pepper_of(SAID) == pepper_of(SAID)
    assert len({pepper_of(text).name for text in ("a", "b", "c")}) == 3


def test_the_hash_with_a_pepper_is_pinned_for_ever() -> None:
    # Another one would lock out whoever has such a key.
    pepper = pepper_of(SAID)
    assert pepper.name == "2d8412a566704ca6"
    assert (
        hash_of("sk_test", pepper).hex() == "8ba8419b8e4c4cdd06e614c5ff43e714bb104ddfbe22fe77b7fc83be23d36cd8"
    )


def test_the_same_key_has_another_hash_with_each_pepper_and_without() -> None:
    assert len({hash_of("sk_test", way) for way in (pepper_of("a"), pepper_of("b"), None)}) == 3


def test_a_host_alone_with_its_database_makes_one_and_keeps_it_for_itself(tmp_path: Path) -> None:
    made = peppers_of(tmp_path, None, alone=True)

    assert len(made) == 1
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600
    assert peppers_of(tmp_path, None, alone=True) == made


def test_hosts_that_share_a_database_make_none_of_their_own(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)

    assert peppers_of(tmp_path, None, alone=False) == ()
    assert list(tmp_path.iterdir()) == []
    assert "SIGNPOST_KEY_PEPPER" in caplog.text


def test_what_the_settings_say_is_for_new_keys_and_nothing_is_kept(tmp_path: Path) -> None:
    assert peppers_of(tmp_path, SAID, alone=True) == (pepper_of(SAID),)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("alone", [True, False])
def test_what_the_folder_keeps_stays_known(tmp_path: Path, *, alone: bool) -> None:
    (kept,) = peppers_of(tmp_path, None, alone=True)

    assert peppers_of(tmp_path, SAID, alone=alone) == (pepper_of(SAID), kept)
    assert peppers_of(tmp_path, None, alone=alone) == (kept,)
