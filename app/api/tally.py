"""What the public edge has answered, as plain numbers that cost next to nothing to keep."""

from collections import Counter

from prometheus_client.core import CounterMetricFamily


class Tally:
    """Answers by route and status, and the time they took in all."""

    def __init__(self) -> None:
        self.answers: Counter[tuple[str, int]] = Counter()
        self.took_ns: Counter[str] = Counter()

    def count(self, path: str, status: int, took_ns: int) -> None:
        """Count one answer."""
        self.answers[path, status] += 1
        self.took_ns[path] += took_ns

    def metrics(self) -> list[CounterMetricFamily]:
        """Write the numbers as Prometheus metrics."""
        answers = CounterMetricFamily(
            "signpost_answers", "Answers of the public edge.", labels=("path", "status")
        )
        for (path, status), count in self.answers.items():
            answers.add_metric((path, str(status)), count)
        seconds = CounterMetricFamily("signpost_answer_seconds", "Time spent on answers.", labels=("path",))
        for path, took_ns in self.took_ns.items():
            seconds.add_metric((path,), took_ns / 1e9)
        return [answers, seconds]
