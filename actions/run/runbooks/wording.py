"""What a declared step is called when the catalog does not say."""

from typing import Any

from actions.catalog.checks import PersonCheck
from actions.catalog.durations import spell_duration
from actions.redaction import redact
from actions.run.runbooks.specs import kind_of
from actions.verify.titles import title_of

LONGEST = 100
_BUILT_IN = {
    "stop-writers": "Stop the writers", "prove-quiet": "Prove that nobody writes", "backup": "Back up the database",
    "prove-backup": "Prove the backup by restoring it", "rehearse": "Rehearse the downgrade on the proven copy",
    "downgrade": "Downgrade the database", "restore": "Restore the database", "verify": "Verify the database",
    "release": "Take the application back", "resume-writers": "Bring the writers back",
}  # fmt: skip


def title(step: Any) -> str:
    """In words that people read in a plan."""
    return redact(step.title or _made(step))[:LONGEST]


def _made(step: Any) -> str:  # noqa: C901, PLR0911, PLR0912 because each kind has its own
    match kind_of(step):
        case "run":
            where = (
                f" in {step.run.service}" if step.run.service else f" in {step.run.folder}" if step.run.folder else ""
            )
            return f"Run {' '.join(step.run.argv)}{where}"
        case "stop" | "start" | "restart" as verb:
            return f"{verb.capitalize()} {', '.join(getattr(step, verb))}"
        case "do":
            return _BUILT_IN[step.do]
        case "export":
            return f"Export {step.export} to files"
        case "setting":
            there = f" of {step.service}" if step.service else ""
            value = step.to if isinstance(step.to, str) else str(step.to)
            return f"Set {step.setting}{there} to {value} in {step.file}"
        case "compose":
            return f"docker compose {step.compose} {' '.join(step.services)}".rstrip()
        case "remove_networks":
            return f"Remove the networks {', '.join(step.remove_networks)}"
        case "save_volumes":
            return f"Archive the volumes {', '.join(step.save_volumes)}"
        case "restore_volumes":
            gone = f", in place of {', '.join(step.replaces)}" if step.replaces else ""
            return f"Bring back the volumes {', '.join(step.restore_volumes)}{gone}"
        case "git_mark":
            return f"Mark the present state with {' and '.join(step.kinds)} {step.git_mark}"
        case "git_restore":
            what = ", ".join("the whole tree" if path in (".", "./") else path for path in step.git_restore)
            return f"Take {what} from {step.ref}"
        case "sql":
            return f"Run the statement {' '.join(step.sql.split())}"
        case "check":
            return f"{'' if isinstance(step.check, PersonCheck) else 'Check: '}{title_of(step.check)}"
        case "person":
            return " ".join(step.person.split())
        case "wait":
            return f"Wait {spell_duration(step.wait)}"
        case "log":
            return f"Write a line to {step.file}"
        case other:
            return f"Run the runbook {getattr(step, other)}"
