import pytest

from app.stats.corrections import benjamini_hochberg, bonferroni, holm


def test_holm_multiplies_the_smallest_most_and_never_falls() -> None:
    # p.adjust(c(.01, .02, .03, .04, .05), "holm") in R.
    assert holm([0.01, 0.02, 0.03, 0.04, 0.05]) == pytest.approx([0.05, 0.08, 0.09, 0.09, 0.09])


def test_benjamini_hochberg_multiplies_by_the_rank_from_above() -> None:
    # p.adjust(c(.01, .02, .03, .04, .05), "BH") in R is 0.05 five times; the rest by hand.
    assert benjamini_hochberg([0.01, 0.02, 0.03, 0.04, 0.05]) == pytest.approx([0.05] * 5)
    assert benjamini_hochberg([0.5, 0.001, 0.04]) == pytest.approx([0.5, 0.003, 0.06])


def test_bonferroni_multiplies_by_how_many_there_are() -> None:
    assert bonferroni([0.01, 0.02, 0.5]) == pytest.approx([0.03, 0.06, 1])


@pytest.mark.parametrize("adjust", [bonferroni, holm, benjamini_hochberg])
class TestEach:
    def test_answers_stand_in_the_given_order(self, adjust: type[list[float]]) -> None:
        assert adjust([0.001, 0.9]) == list(reversed(adjust([0.9, 0.001])))

    def test_a_single_p_value_is_left_alone(self, adjust: type[list[float]]) -> None:
        assert adjust([0.03]) == [0.03]

    def test_nothing_stays_nothing(self, adjust: type[list[float]]) -> None:
        assert adjust([]) == []

    def test_no_answer_exceeds_one(self, adjust: type[list[float]]) -> None:
        assert max(adjust([0.6, 0.7, 0.8])) <= 1

    @pytest.mark.parametrize("p_value", [-0.1, 1.1, float("nan")])
    def test_what_is_no_probability_is_refused(self, adjust: type[list[float]], p_value: float) -> None:
        with pytest.raises(ValueError, match="within 0 and 1"):
            adjust([0.5, p_value])
