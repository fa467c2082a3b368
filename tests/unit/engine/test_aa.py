from tests.builders import arm, experiment
from tests.unit.engine.complaints import complaints


def test_an_aa_test_shows_the_same_in_every_arm() -> None:
    same = [arm("a", "offer"), arm("b", "offer"), arm("c", "default")]
    found = complaints(experiments=[experiment(kind="aa", arms=same)])
    assert found == {"/experiments/0/arms/2/variants/home.hero": "an A/A test shows the same in every arm"}
