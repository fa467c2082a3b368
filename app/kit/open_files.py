"""How many files and connections this process and its children may have open."""

import resource

# For the database, the cache, the journal and whatever a library opens.
RESERVED = 512


def raise_open_files() -> int:
    """Take all that the system grants, for the children that follow too; answers how many that is."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def connections_within(open_files: int, wished: int) -> int:
    """Say how many connections leave enough files for everything else."""
    if open_files == resource.RLIM_INFINITY:
        return wished
    return min(wished, max(open_files - RESERVED, open_files // 2))
