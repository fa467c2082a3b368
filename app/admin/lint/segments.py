"""Segments that nobody uses, that are equal, and that lie within each other."""

from collections.abc import Iterator, Mapping

from app.admin.lint.example import Example
from app.admin.lint.finding import Finding, Undecided
from app.admin.lint.site import Site
from app.admin.lint.solve import Impossible, Shown, Unknown
from app.admin.lint.terms import No
from app.engine.comparisons import comparisons_in, literals_of
from app.engine.model import Segment
from app.engine.references import conditions_of


def unused_segments(site: Site) -> Iterator[Finding]:
    """Find the segments that no rule and no condition names."""
    used = _used(site)
    for i, segment in enumerate(site.document.segments):
        if segment.key not in used:
            message = f"no rule, stage or other segment asks for segment {segment.key!r}"
            example = _somebody_in(site, segment)
            yield Finding(
                code="segment_unused",
                severity="notice",
                pointer=f"/segments/{i}",
                message=message,
                example=None if example is None else site.told(example),
            )


def nested_segments(site: Site) -> Iterator[Finding | Undecided]:
    """Find the segments whose visitors are all in another one too, on which they do not rest."""
    nesting = _Nesting(site)
    for i in range(len(nesting.segments)):
        for outer in nesting.candidates(i):
            site.solver.left_s()
            yield from nesting.compare(i, outer)
    yield from nesting.found()


class _Nesting:
    """What is known of which segment lies within which; whoever is met is asked about all of them."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self.segments = site.document.segments
        self._places = {segment.key: i for i, segment in enumerate(self.segments)}
        self._named: list[set[str]] = []
        self._within: dict[tuple[int, int], Example] = {}
        self._in: list[int] = []
        self._examples: dict[int, Example] = {}
        for i, segment in enumerate(self.segments):
            self._named.append(_named_by(segment, site))
            example = _somebody_in(site, segment)
            if example is not None:
                self._examples[i] = example
                self._meet(example)

    def candidates(self, i: int) -> Iterator[int]:
        """List the segments in which all are who were met in this one."""
        if i not in self._examples:
            return
        for other in range(len(self.segments)):
            if other != i and all(met >> other & 1 for met in self._in if met >> i & 1):
                yield other

    def compare(self, i: int, other: int) -> Iterator[Undecided]:
        """Look for somebody in one segment and not in another."""
        inner, outer = self.segments[i].key, self.segments[other].key
        translation = self._site.translation
        answer = self._site.solver.ask(
            [translation.of_segment(inner), No(translation.of_segment(outer))],
            lambda visitor, _: inner in visitor.segments and outer not in visitor.segments,
        )
        if isinstance(answer, Shown):
            self._meet(answer.example)
        elif isinstance(answer, Impossible):
            self._within[i, other] = self._examples[i]
        elif isinstance(answer, Unknown):
            at, there = f"/segments/{i}", [f"/segments/{other}"]
            yield Undecided(code="segment_contained", pointer=at, why=answer.why, others=there)

    def found(self) -> Iterator[Finding]:
        """Say what came of it; two segments within each other are equal, which is said once."""
        for (i, other), example in self._within.items():
            is_equal = (other, i) in self._within
            inner, outer = self.segments[i].key, self.segments[other].key
            # To lie within what it rests on is what a segment is for.
            if (i < other) if is_equal else outer in self._named[i]:
                continue
            message = f"all who are in segment {inner!r} are in {outer!r} too"
            yield Finding(
                code="segments_equal" if is_equal else "segment_contained",
                severity="warning" if is_equal else "notice",
                pointer=f"/segments/{i}",
                message=f"segments {inner!r} and {outer!r} have the same visitors" if is_equal else message,
                others=[f"/segments/{other}"],
                example=self._site.told(example),
            )

    def _meet(self, example: Example) -> None:
        visitor = example.seen(self._site.ruleset)
        if visitor is not None:
            self._in.append(sum(1 << self._places[key] for key in visitor.segments))


def _somebody_in(site: Site, segment: Segment) -> Example | None:
    term = site.translation.of_segment(segment.key)
    answer = site.solver.meet([term], lambda visitor, _: segment.key in visitor.segments)
    return answer.example if isinstance(answer, Shown) else None


def _used(site: Site) -> set[str]:
    """Name all segments that are asked for; who asks for their number or by a pattern asks for all."""
    used: set[str] = set()
    for rule in site.document.rules:
        used.update(rule.audience.segments, rule.audience.not_segments)
    for _, condition in conditions_of(site.document):
        for comparison in comparisons_in(condition):
            if comparison.path == ("segments",):
                used.update(list(literals_of(comparison)) or [each.key for each in site.document.segments])
    return used


def _named_by(segment: Segment, site: Site) -> set[str]:
    """Name the segments that one rests on."""
    conditions: Mapping[str, Segment] = {each.key: each for each in site.document.segments}
    named: set[str] = set()
    waiting = [segment.key]
    while waiting:
        for comparison in comparisons_in(conditions[waiting.pop()].condition):
            if comparison.path == ("segments",):
                new = {key for key in literals_of(comparison) if key in conditions} - named
                named |= new
                waiting += new
    return named
