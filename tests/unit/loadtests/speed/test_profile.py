from loadtests.speed.profile import dearest, self_times

ANSWERS = "main (loadtests/speed/profile.py);run (uvloop/__init__.py)"


def test_a_function_counts_what_it_took_by_itself() -> None:
    found = self_times(
        [f"{ANSWERS};a (a.py) 3", f"{ANSWERS};a (a.py);b (b.py) 5", f"{ANSWERS};c (c.py);b (b.py) 2"]
    )
    assert found == {"a (a.py)": 3, "b (b.py)": 7}
    assert [*dearest(found)] == [" 70.0%  b (b.py)", " 30.0%  a (a.py)"]


def test_other_threads_are_left_out() -> None:
    assert not self_times(["_bootstrap (threading.py);_worker (concurrent/futures/thread.py) 90"])
