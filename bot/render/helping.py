"""The answer to `/rollback help`."""

from collections.abc import Collection

from bot.intake.nearest import listed
from bot.intake.reading import VERBS
from bot.render.blocks import button, context, row, section
from bot.render.buttons import Button
from bot.render.foreign import code, foreign
from bot.render.message import Message, message

#: One line for each thing that can be said; in the order in which people need them.
LINES = (
    ("/rollback", "opens a dialog that asks for everything"),
    ("/rollback SERVICE", "one revision back"),
    ("/rollback SERVICE -2", "two revisions back"),
    ("/rollback SERVICE to 4f1a because checkout fails", "to a revision, with the reason"),
    ("/rollback SERVICE using restore", "another way out: `downgrade`, `restore` or `app-only`"),
    ("/rollback SERVICE with data", "rehearsed on a copy of the data before people decide"),
    ("/rollback status [RB-142 | SERVICE]", "what is open, or where one stands"),
    ("/rollback history [SERVICE]", "what was taken back, the newest first"),
    ("/rollback show RB-142", "all about one: steps, decisions, record"),
    ("/rollback backups SERVICE", "which backups there are, and how far each can be trusted"),
    ('/rollback advise "login is broken"', "what the runbooks say to a failure"),
    ("/rollback drill SERVICE", "tests that it could be brought back; the service is only read"),
)


def help_page(services: Collection[str]) -> Message:
    text = "Backout takes a service back, safely. Nothing is changed by asking: it is measured, people approve, then it runs."
    lines = [f"{code(said)}  {meaning}" for said, meaning in LINES]
    known = f"Services: {foreign(listed(services, 20), 900)}." if services else "The catalog has no services yet."
    clash = sorted(name for name in services if name in (*VERBS, "service"))
    also = (
        f"A service that has a verb's name ({foreign(', '.join(clash), 200)}): write {code(f'/rollback service {clash[0]}')}."
        if clash
        else "A service that had a verb's name would be `/rollback service NAME`."
    )
    return message(
        text, section(f"*{text}*"), section("\n".join(lines), name="lines"),
        context(f"{known} {also} The reason goes last. Approving, rejecting and stopping are buttons on the card."),
        row(button("Take a service back…", Button.START, spoken="Open the dialog for a new rollback", style="primary")),
    )  # fmt: skip
