"""Conditions, audiences and schedules that can never hold, and schedules that are over."""

from collections.abc import Iterator

from app.admin.lint.finding import Finding, Undecided
from app.admin.lint.site import Site
from app.admin.lint.solve import Impossible, Shown, Unknown
from app.engine.conditions import compile_condition
from app.engine.model import Condition, Rule, Schedule

_NEVER = "no visitor can meet all of this"


def contradictory_conditions(site: Site) -> Iterator[Finding | Undecided]:
    """Find the conditions of segments and stages that nobody can meet."""
    for i, segment in enumerate(site.document.segments):
        yield from _condition(site, segment.condition, f"/segments/{i}/condition")
    for i, journey in enumerate(site.document.journeys):
        for j, stage in enumerate(journey.stages):
            for name, condition in (("when", stage.when), ("stay", stage.stay)):
                if condition is not None:
                    yield from _condition(site, condition, f"/journeys/{i}/stages/{j}/{name}")


def contradictory_audiences(site: Site) -> Iterator[Finding | Undecided]:
    """Find the rules whose audience nobody can be in: by its condition alone, or with all else it asks."""
    for number in site.asked:
        rule, at = site.rule(number), f"/rules/{number}/audience"
        if isinstance(site.meet(number), Shown):
            continue
        of_condition = list(_condition(site, rule.audience.condition, f"{at}/condition"))
        if of_condition:
            yield from of_condition
            continue
        answer = site.solver.ask([site.translation.of_audience(rule)], lambda *_: True)
        if isinstance(answer, Impossible):
            yield Finding(code="audience_contradiction", pointer=at, message=_NEVER)


def contradictory_schedules(site: Site) -> Iterator[Finding | Undecided]:
    """Find the schedules that are never in force, and those that no longer will be."""
    for number in site.asked:
        rule, at = site.rule(number), f"/rules/{number}/schedule"
        schedule = rule.schedule
        if schedule is None or schedule.ends_at is None:
            continue
        if not site.translation.comes(schedule, None):
            yield Finding(code="schedule_contradiction", pointer=at, message=_never_in_force(schedule))
        elif not site.translation.comes(schedule, site.now):
            yield _over(site, number, rule, schedule)


def _never_in_force(schedule: Schedule) -> str:
    starts_at, ends_at = schedule.starts_at, schedule.ends_at
    if starts_at is not None and ends_at is not None and starts_at < ends_at:
        return "none of its windows comes between its start and its end, so that the rule is never in force"
    return "ends before it starts, so that the rule is never in force"


def _over(site: Site, number: int, rule: Rule, schedule: Schedule) -> Finding:
    placement = rule.placements[0]
    answer = site.solver.ask(
        [site.translation.of_audience(rule)],
        lambda visitor, _: number not in site.addressed(visitor, placement),
    )
    is_over = schedule.ends_at is not None and schedule.ends_at <= site.now
    told = "ended at" if is_over else "has no more of its windows before it ends at"
    return Finding(
        code="rule_out_of_date",
        severity="notice",
        pointer=f"/rules/{number}/schedule/ends_at",
        message=f"rule {rule.key!r} {told} {schedule.ends_at}; remove it, or let it end later",
        example=site.told(answer.example, placement) if isinstance(answer, Shown) else None,
    )


def _condition(site: Site, condition: Condition, pointer: str) -> Iterator[Finding | Undecided]:
    holds, term = compile_condition(condition), site.translation.of_condition(condition)
    answer = site.solver.meet([term], lambda visitor, _: holds(visitor, visitor.now))
    if isinstance(answer, Impossible):
        yield Finding(code="condition_contradiction", pointer=pointer, message=_NEVER)
    elif isinstance(answer, Unknown):
        yield Undecided(code="condition_contradiction", pointer=pointer, why=answer.why)
