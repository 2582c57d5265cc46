"""One file per verb: options in, one call, facts out.

A verb's file is imported when the verb is used, so that `--help` and completion are instant. The sentences stand
here for the same reason; a test keeps them and the verbs in agreement.
"""

from importlib import import_module

import click

#: In the order in which somebody meets them.
VERBS: dict[str, str] = {
    "check": "Is everything ready for a rollback?",
    "assess": "What going back would cost, measured; changes nothing",
    "advise": "From what you see to what should be taken back, with risk, time and command",
    "backup": "Take a backup of a service's database, and prove it by restoring it",
    "backups": "Which backups there are, how far each can be trusted, and where they lie",
    "restore": "Bring a service's database back from a backup",
    "drill": "Rehearse a restore from end to end, into a scratch database, and write the report",
    "serve": "Serve Slack and do the background work until stopped",
    "request": "Ask for a rollback: assessed, written down, waiting for approval",
    "approve": "Approve exactly what is shown",
    "reject": "Reject a rollback that waits",
    "stop": "Stop a rollback; what was done is undone",
    "retry": "After a failure: try the failed step again",
    "resume": "After a failure or a halt: say how it goes on",
    "tick": "Tick off what only a person can see or do in a runbook",
    "status": "Every rollback that is open now, or one step by step",
    "history": "What was rolled back, newest first",
    "show": "One rollback with its steps, approvals and events",
    "audit": "Is the history as it was written?",
    "demo": "Try it on embedded parts: an example service, no account anywhere",
    "completion": "Print a script that completes verbs and options in your shell",
}


def load(name: str) -> click.Command:
    command = getattr(import_module(f"bot.verbs.{name}"), name)
    assert isinstance(command, click.Command), name  # noqa: S101 because a test loads every verb
    return command


class Verbs(click.Group):
    """A group that loads a verb when it is asked for."""

    def list_commands(self, _: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, _: click.Context, name: str) -> click.Command | None:
        return load(name) if name in VERBS else None

    def format_commands(self, _: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Verbs"):
            formatter.write_dl(list(VERBS.items()))
