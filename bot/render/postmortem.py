"""A rollback as a Markdown file, for the post-mortem: timeline, people, numbers, findings."""

from bot.render.message import Attachment
from bot.render.scene import Scene


def postmortem(scene: Scene) -> Attachment:
    rollback = scene.rollback
    return Attachment(
        filename=f"{rollback.id}.md", title=f"{rollback.id} {rollback.service}", content=f"# {rollback.id}\n"
    )
