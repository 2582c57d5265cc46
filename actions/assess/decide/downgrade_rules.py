"""The rules for taking the schema down: seed 002's policy for production, as far as the catalog does not change it."""

from collections.abc import Iterator
from datetime import timedelta

from actions.assess.decide.copies import newest, safety_net, said_copy
from actions.assess.decide.facts import Facts
from actions.assess.decide.loss import loss_of, new_data, said_entries
from actions.assess.decide.reasons import Reason, against_rules, impossible, note, refused_or_noted
from actions.assess.decide.wording import count, length, listed, quoted, retold, revisions
from actions.catalog.policy import Policy

#: Clocks of two machines may differ by so much before we stop believing them.
_SKEW = timedelta(minutes=1)


def path_rules(_: Policy, facts: Facts) -> Iterator[Reason]:
    """There has to be a way down, and something on it."""
    target = revisions(facts.target)
    if facts.live is None:
        yield impossible("It is not known which revision is live", "See that the database answers, and assess again")
    elif facts.path is None:
        yield impossible(
            f"No scripts lead from {revisions(facts.live)} down to {target}",
            "Bring missing files back from git (`git checkout <commit> -- path/to/versions/`), or use the scripts "
            "of the newer release, and assess again",
        )
    elif not facts.path:
        yield impossible(f"The database is at {target} already: there is nothing to undo", "Choose an earlier revision")
    elif not facts.target:
        yield note("This undoes every migration there is, which is rarely needed", "See that `base` is really meant")
    elif len(facts.path) > 1:
        yield note(
            f"This undoes {count(len(facts.path), 'revision')} at once, and each of them can lose data",
            "Look at every one of them in the ledger before you approve",
        )


def blocker_rules(_: Policy, facts: Facts) -> Iterator[Reason]:
    """What stands in its way on the live database."""
    if facts.blockers is None:
        yield against_rules(
            "It was not examined on the live database whether something stands in the way of the downgrade",
            f"See that the database answers, and run `backout assess {facts.service}` again",
        )
    for blocker in facts.blockers or ():
        said, on = retold(blocker.message), quoted(blocker.object) if blocker.object else ""
        where = f"{on}: " if on and not said.startswith(on) else ""
        yield impossible(f"The downgrade would fail at {where}{said}", retold(blocker.remedy))


def window_rules(policy: Policy, facts: Facts) -> Iterator[Reason]:
    """So long after the revision was first seen live; not a moment longer, and not when nobody saw it come.

    Between two looks nobody knows. A gap between them that is no longer than the window itself is accepted,
    because the policy speaks of being seen; a longer one means that the revision can be of any age.
    """
    if policy.window is None:
        return
    allowed, first = length(policy.window), facts.arrival.first_seen
    age = facts.now - first if first is not None else None
    if age is not None and age >= policy.window:
        yield against_rules(
            f"The revision was first seen live {length(age)} ago, and the policy allows going back for less than "
            f"{allowed} only: migrations in production are forward-only",
            "Fix it with a new migration, or take back the application alone",
        )
        return
    doubt = "nobody saw when the revision became live" if age is None else _doubt(facts, age, policy.window)
    if age is None or doubt:
        yield against_rules(
            f"The policy allows going back for less than {allowed} after a deploy, and {doubt}",
            f"Let `backout serve` run, or run `backout check {facts.service}` before and after each deploy, so that "
            "it is known the next time; for now, fix it with a new migration",
        )
    else:
        yield note(
            f"The revision was first seen live {length(max(age, timedelta(0)))} ago, and the policy allows less than "
            f"{allowed}",
            f"Decide within {length(policy.window - max(age, timedelta(0)))}",
        )


def _doubt(facts: Facts, age: timedelta, window: timedelta) -> str | None:
    first, before = facts.arrival.first_seen, facts.arrival.not_before
    if age < -_SKEW:
        return f"by the clock it becomes live in {length(-age)}, so that a clock is wrong"
    if first is None or before is None:
        return f"the revision was there when we first looked, {length(age)} ago: it can be older"
    if first - before > window:
        return f"nobody looked for {length(first - before)} before the revision was first seen: it can be that old"
    return None


def destructive_rules(policy: Policy, facts: Facts) -> Iterator[Reason]:
    """What is destroyed, what perhaps, and what comes back as an empty shell. Each has its own way out."""
    loss = loss_of(facts.losses)
    if loss.certain:
        yield refused_or_noted(
            policy.destructive,
            f"Going back destroys data that is there: {said_entries(loss.certain)}",
            "Choose a strategy that loses nothing, or save these rows first",
        )
    if loss.unsure:
        yield refused_or_noted(
            policy.destructive,
            f"It is not known that nothing {'else ' if loss.certain else ''}is destroyed: {' '.join(loss.unsure)}",
            f"Run `backout assess {facts.service} --data`: it measures the loss on a copy",
        )
    if loss.emptied:
        yield refused_or_noted(
            policy.destructive,
            f"The upgrade removed {listed([quoted(name) for name in loss.emptied])}, and a downgrade brings back "
            "only the empty shell",
            "Restore from a backup from before the upgrade instead",
        )


def new_data_rules(policy: Policy, facts: Facts) -> Iterator[Reason]:
    """Data that was written with the newer schema can depend on it."""
    rows = new_data(facts)
    # As the rest of a reason: on one line, whatever a column is called.
    source = " ".join((facts.new_data.source or "").split())
    source = f" ({source})" if source else ""
    if rows is None:
        yield refused_or_noted(
            policy.after_new_data,
            "It is not known whether data was written with the newer schema since the deploy",
            f"Let `backout serve` run or run `backout check {facts.service}` at each deploy, or name the columns that "
            "say when a row was written (`database: written_at`), so that it can be counted",
        )
    elif rows > 0:
        yield refused_or_noted(
            policy.after_new_data,
            f"{count(rows, 'row')} that can depend on the newer schema "
            f"{'was' if rows == 1 else 'were'} written since the deploy{source}",
            "Fix it with a new migration, or take back the application alone",
        )


def backup_rules(policy: Policy, facts: Facts) -> Iterator[Reason]:
    """A proven backup has to be there before the first destructive step: this run's own, or one from before."""
    net = safety_net(facts)
    if facts.run_proves_backup:
        yield note(
            "This run makes a backup and proves it by restoring it, before its first destructive step",
            "See that there is room for it; if the proof fails, the run stops and undoes what it did",
        )
    elif net is not None:
        yield note(
            f"The run makes no backup; the net is {said_copy(net, facts)}",
            "Bear in mind that what was written since is not in it",
        )
    else:
        last = newest(facts)
        of = revisions(last.revisions) if last and last.revisions is not None else "a revision that is not known"
        there = f"the newest is {said_copy(last, facts)}, of {of}" if last else "there is none"
        yield refused_or_noted(
            "refuse" if policy.verified_backup else "allow",
            "There is no backup that was proven by restoring it, is younger than "
            f"{length(facts.backup_max_age)} and of the live or the target revision, and this run is not known to "
            f"make one: {there}",
            f"Run `backout backup {facts.service}`, prove it, and ask again",
        )
