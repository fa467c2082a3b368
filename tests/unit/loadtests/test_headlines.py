import gzip
from pathlib import Path

from loadtests.headlines import OWN_GROUPS, load_headlines


def test_the_texts_of_one_test_make_a_group_and_each_counts_once(tmp_path: Path) -> None:
    file = tmp_path / "tests.csv.gz"
    rows = ["test_id,headline", 't1,"One, or two"', "t2,Alone", "t1,Three", 't1,"One, or two"', "t2,Alone"]
    file.write_bytes(gzip.compress("\n".join(rows).encode()))
    assert load_headlines(file) == (("One, or two", "Three"),)


def test_without_the_file_there_are_texts_of_our_own(tmp_path: Path) -> None:
    assert load_headlines(tmp_path / "absent.csv.gz") == OWN_GROUPS
    assert all(len(texts) >= 2 for texts in OWN_GROUPS)
