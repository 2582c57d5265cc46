"""From drafts and what was found out about them to the steps of a plan. Pure; the digest covers what this makes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from actions.assess.decide.facts import StrategyName
from actions.catalog.service import Service
from actions.errors import ConfigurationError
from actions.history.canonical import JsonObject
from actions.history.details import PlannedStep
from actions.run import names
from actions.run.names import action_of
from actions.run.plan import Route, make_plan
from actions.run.runbooks.drafting import BEGIN_PART, CAPTURE, SETTLE, Draft
from actions.run.runbooks.specs import to_record

#: Built-in steps, by the catalog's name: which action of the built-in plans it is.
BUILT_IN_ACTIONS = {
    "prove-quiet": names.QUIET, "backup": names.BACK_UP, "prove-backup": names.PROVE, "rehearse": names.PROVE,
    "downgrade": names.DOWNGRADE, "restore": names.RESTORE, "verify": names.VERIFY, "release": names.RELEASE,
}  # fmt: skip

#: What was found out about each draft: commits, archives. By its name.
Pins = Mapping[str, JsonObject]


def planned(
    service: Service, drafts: Sequence[Draft], pins: Pins, *, phases: Sequence[str], route: Route | None
) -> tuple[PlannedStep, ...]:  # fmt: skip
    """`route`: where the database goes, for runbooks that take it back."""
    steps: list[PlannedStep] = []
    if any(each.kind in ("stop", "resume", "start", "restart") for each in drafts):
        steps.append(
            PlannedStep(name=names.PREFLIGHT, title="Look whether everything can be reached", action=names.PREFLIGHT)
        )
    for each in drafts:
        if each.kind == "do":
            steps = _with_built_in(steps, list(_built_in(service, each, route)), each)
            continue
        steps.append(_declared(each, pins.get(each.name, {}), phases))
    steps.append(PlannedStep(name=names.CLOSE, title="Write down how it went", action=names.CLOSE))
    return tuple(steps)


def _declared(each: Draft, pins: JsonObject, phases: Sequence[str]) -> PlannedStep:
    parameters: dict[str, object] = {"kind": each.kind, **each.parameters, **pins}
    if each.kind not in (BEGIN_PART, SETTLE, CAPTURE):
        parameters["step"] = to_record(each.step)
    if each.kind == "log":
        parameters["phases"] = list(phases)
    return PlannedStep(
        name=each.name, title=each.title, action=action_of(each.kind), parameters=parameters,  # type: ignore[arg-type]
        destructive=each.kind == "sql" and not each.step.undo,
    )  # fmt: skip


def _built_in(service: Service, each: Draft, route: Route | None) -> Iterator[PlannedStep]:
    wanted = BUILT_IN_ACTIONS[each.step.do]
    for step in _templates(service, each, route):
        if step.action == wanted:
            parameters = dict(step.parameters)
            if wanted == names.PROVE:
                parameters["rehearse"] = each.step.do == "rehearse"
            title = each.step.title or step.title
            if wanted == names.PROVE and each.step.do == "prove-backup":
                title = each.step.title or "Prove the backup by restoring it"
            yield replace(step, parameters=parameters, title=title)


def _templates(service: Service, each: Draft, route: Route | None) -> tuple[PlannedStep, ...]:
    if each.step.do == "release":
        return make_plan(service, StrategyName.APP_ONLY, Route(live=(), target=()))
    way = route or Route(live=(), target=())
    if each.step.do == "restore" or (each.step.do == "verify" and not way.hops and way.backup is not None):
        return make_plan(service, StrategyName.RESTORE, way)
    if each.step.do in ("downgrade", "rehearse") and route is None:
        raise ConfigurationError(f"`do: {each.step.do}` needs `migrations`", where=f"service {service.name}")
    return make_plan(service, StrategyName.DOWNGRADE, way)


def _with_built_in(steps: list[PlannedStep], more: list[PlannedStep], each: Draft) -> list[PlannedStep]:
    """Names of built-in steps are theirs alone. Rehearsing happens on the copy that proves the backup, in one step."""
    taken = {step.name for step in steps}
    for step in more:
        if step.name not in taken:
            steps = [*steps, step]
        elif step.action == names.PROVE and each.step.do == "rehearse":
            steps = [step if old.name == step.name else old for old in steps]
        elif step.action != names.QUIET:
            raise ConfigurationError(
                f"`do: {each.step.do}` is there twice", next_step="One rollback does it once: take one of them out."
            )
    return steps
