from loadtests.speed.workers import Crew, memory_bounds, workers_table

CREWS = [Crew(1, 1_000, 500, [99.6]), Crew(2, 2_000, 1_500, [200, 300])]


def test_each_crew_has_a_line_with_the_memory_of_each_worker() -> None:
    lines = [*workers_table(CREWS)]
    assert lines[1:] == ["| 1 | 1,000 | 500 | 0.50 | 100 |", "| 2 | 2,000 | 1,500 | 0.75 | 200, 300 |"]


def test_the_largest_worker_is_held_against_the_bound() -> None:
    (bound,) = memory_bounds(CREWS)
    assert bound.figure == 300
    assert bound.holds
    (bound,) = memory_bounds([*CREWS, Crew(1, 1, 1, [401])])
    assert not bound.holds
