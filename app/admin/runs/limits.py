"""How long a run may be silent, how often it is taken up, and how many there may be."""

from datetime import timedelta

# A run tells every second that it is alive. Where a machine is busy for so long, another process takes it up,
# and the first finds that it is not its own any more.
STALE = timedelta(seconds=15)
BEAT_S = 1.0
# Whoever dies so often over a run would die of it again.
ATTEMPTS = 3
OPEN_LIMIT = 8
KEPT = timedelta(days=7)
