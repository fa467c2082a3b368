import resource

from app.kit.open_files import RESERVED, connections_within, raise_open_files


def test_all_that_the_system_grants_is_taken() -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (before[0] - 1, before[1]))

    assert raise_open_files() == before[1]
    assert raise_open_files() == before[1]
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == (before[1], before[1])
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_connections_leave_files_for_everything_else() -> None:
    assert connections_within(20_000, 30_000) == 20_000 - RESERVED
    assert connections_within(20_000, 1_000) == 1_000
    assert connections_within(600, 1_000) == 300
    assert connections_within(resource.RLIM_INFINITY, 30_000) == 30_000
