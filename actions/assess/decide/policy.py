"""What the policy says to the facts: go ahead, so many approvals, or no; always with every reason.

Which rule holds for which strategy follows from what each rule protects:

| rule                                      | downgrade | restore              | app-only            | roll-forward |
|-------------------------------------------|-----------|----------------------|---------------------|--------------|
| window since first seen, after_new_data   | yes       | no                   | no                  | no           |
| destructive                               | yes       | people accept it     | nothing is lost     | no           |
| rehearsal                                 | yes       | no                   | no                  | no           |
| verified_backup                           | yes       | of the one restored  | nothing is lost     | no           |
| it has to be able to work                 | yes       | a backup of target   | an older release    | no           |
| maintenance windows, approvers, quorum    | yes       | yes                  | yes                 | no           |

- *Downgrade* carries all of it. Seed 002 makes production's migrations forward-only, with one exception: less than
  five minutes after the deploy, nothing destroyed, nothing new written, a verified backup, and a team lead's yes.
  Bringing back empty what the upgrade dropped counts as destructive: seed 002 never goes back that way. Where the
  policy allows what a rule would refuse, the reason stays as a note.
- *Restore* is the seeds' own answer to everything that a downgrade would destroy, long after five minutes are over.
  It loses what was written since the backup, so its risk is high (critical when nobody knows how much), its quorum
  is that of its risk, and the loss stands in the reasons. A backup that was never restored is none, by policy.
- *App-only* leaves the schema where it is, which is what "forward-only" means. No window and no backup is needed;
  its risk is low, medium or high by whether the older release can work with the newer schema.
- *Roll forward* is nothing that Backout does: it asks for nothing here.

What cannot work (no way down, a blocker, a trial that failed as the real one would, nothing to restore) is refused
without override. Break-glass stands in for approvers who do not answer; it never turns a refusal around.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from actions.assess.decide.downgrade_rules import (
    backup_rules,
    blocker_rules,
    destructive_rules,
    new_data_rules,
    path_rules,
    window_rules,
)
from actions.assess.decide.facts import Facts, StrategyName
from actions.assess.decide.other_rules import application_rules, maintenance_rules, restore_rules
from actions.assess.decide.reasons import Reason, Weight, against_rules, note
from actions.assess.decide.rehearsal import rehearsal_rules
from actions.assess.decide.risk import risk_of
from actions.assess.decide.wording import count, length, listed, quoted
from actions.assess.values import Ruling, Verdict
from actions.catalog.people import Approvers
from actions.catalog.policy import Policy
from actions.catalog.risk import Risk

Rule = Callable[[Policy, Facts], Iterable[Reason]]

RULES: Mapping[StrategyName, tuple[Rule, ...]] = {
    StrategyName.DOWNGRADE: (
        path_rules,
        blocker_rules,
        rehearsal_rules,
        window_rules,
        destructive_rules,
        new_data_rules,
        backup_rules,
        maintenance_rules,
    ),
    StrategyName.RESTORE: (restore_rules, maintenance_rules),
    StrategyName.APP_ONLY: (application_rules, maintenance_rules),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Approving:
    """Of which service, and whether its catalog entry names anybody who may approve."""

    service: str
    named: bool


def judge(policy: Policy, facts: Facts, strategy: StrategyName = StrategyName.DOWNGRADE) -> Verdict:
    """The verdict on one strategy. Refusals come first, those that nobody may override before the others.

    `approvals` is the quorum at the strategy's risk; for a refusal, what an override needs, or 0 without one.
    """
    if strategy is StrategyName.ROLL_FORWARD:
        forward = note("A new migration changes nothing before it is deployed", "Write it, try it on a copy, deploy it")
        return Verdict(ruling=Ruling.ALLOW, approvals=0, reasons=(str(forward),))
    reasons = [reason for rule in RULES[strategy] for reason in rule(policy, facts)]
    approvers = Approving(service=facts.service, named=facts.approvers_named)
    return conclude(policy, risk_of(strategy, facts), reasons, approvers)


def conclude(policy: Policy, risk: Risk, found: Iterable[Reason], approving: Approving) -> Verdict:
    """From the reasons to the verdict: what refuses, who may override, how many must agree."""
    reasons = list(found)
    approvals = policy.quorum.at(risk)
    if approvals and not approving.named:
        wanted = count(approvals, "approval")
        reasons.append(
            against_rules(
                f"{_at(risk)} this needs {wanted}, and the catalog names nobody who may approve",
                f"Name `approvers` for `{approving.service}` in the catalog",
            )
        )
    if any(reason.refuses for reason in reasons):
        return _refused(policy, reasons)
    reasons += _quorum(policy, risk, approvals)
    ruling = Ruling.APPROVE if approvals else Ruling.ALLOW
    return Verdict(ruling=ruling, approvals=approvals, reasons=_said(reasons))


def _refused(policy: Policy, reasons: list[Reason]) -> Verdict:
    override = policy.override
    hopeless = any(reason.weight is Weight.IMPOSSIBLE for reason in reasons)
    possible = override is not None and not hopeless
    if override is not None and not hopeless:
        reasons.append(
            note(
                f"{_people(override.by)} may override this: {count(override.approvals, 'person', 'people')} with a "
                f"reason of at least {count(override.reason_length, 'character')}",
                "Ask them only if waiting is worse; it is marked for ever",
            )
        )
    elif hopeless:
        reasons.append(note("No override can help, because it cannot work", "Put it right, or choose another strategy"))
    else:
        reasons.append(note("Nobody may override this policy", "Choose another strategy, or fix it forward"))
    approvals = override.approvals if override is not None and possible else 0
    return Verdict(ruling=Ruling.REFUSE, approvals=approvals, reasons=_said(reasons), override_possible=possible)


def _quorum(policy: Policy, risk: Risk, approvals: int) -> Iterator[Reason]:
    if not approvals:
        yield note(f"{_at(risk)} the policy asks for no approval", "Start it when you are ready")
        return
    yield note(
        f"{_at(risk)} this needs {count(approvals, 'approval')} within {length(policy.approval_expires)}",
        "Ask those who may approve; who requests it does not count",
    )
    if policy.growth.by:
        yield note(
            f"While rows are being written, an approval also holds for up to {policy.growth} more of each count of what would be lost",
            "Approve only if that much more may be lost, too",
        )
    glass = policy.break_glass
    if glass is None:
        return
    if risk.rank <= glass.up_to.rank:
        yield note(
            f"If none of them answers for {length(glass.after)}, {_people(glass.by)} may break the glass",
            "Ask the approvers first; breaking it is loud and recorded",
        )
    else:
        yield note(
            f"Nobody may break the glass at {risk} risk: the policy allows it up to {glass.up_to} risk",
            "Call those who may approve, or the escalation contacts",
        )


def _at(risk: Risk) -> str:
    return "With nothing at risk" if risk is Risk.NONE else f"At {risk} risk"


def _people(people: Approvers) -> str:
    if people.name:
        return quoted(people.name)
    group = [quoted(people.group)] if people.group else []
    return listed([*group, *(quoted(who) for who in (*people.users, *people.terminal))], "or")


def _said(reasons: Iterable[Reason]) -> tuple[str, ...]:
    """Each once, what cannot work first, notes last."""
    order = list(Weight)
    return tuple(dict.fromkeys(str(reason) for reason in sorted(reasons, key=lambda r: order.index(r.weight))))
