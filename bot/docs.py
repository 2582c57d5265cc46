"""Write the pages that follow from the code: `make schema`. A test fails when one of them is out of date.

`.env.example`, `docs/operate/settings.md`, `docs/findings.md`, `docs/catalog.schema.json`.
"""

import json
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

from actions.assess.findings import explained
from actions.catalog.schema import json_schema
from actions.run.runbooks import findings as runbook_findings
from bot.settings import Settings

ROOT = Path(__file__).resolve().parent.parent

ENV_HEAD = """\
# Every setting of Backout. Copy to .env, fill in what you need; empty means unset.
# In a shell: set -a; . ./.env; set +a
"""

SETTINGS_HEAD = """\
# Settings

Read once at the start, from the environment. Empty means unset. A wrong value stops the start and is named.
This page and `.env.example` are made from `bot/settings.py` by `make schema`.

| variable | default | meaning |
|---|---|---|
"""


def default_of(field: Any) -> str:
    if field.alias == "BACKOUT_HOME":
        return "`/var/lib/backout` for root, else `~/.local/share/backout`"
    if field.default is None or field.default == ():
        return ""
    if isinstance(field.default, timedelta):
        return f"`{field.default.seconds}s`"
    return f"`{field.default.value if isinstance(field.default, StrEnum) else field.default}`"


def env_example() -> str:
    parts = [ENV_HEAD]
    for field in Settings.model_fields.values():
        default = default_of(field).replace("`", "")
        parts.append(f"# {field.description}{f' Default: {default}' if default else ''}\n{field.alias}=\n")
    return "\n".join(parts)


def settings_page() -> str:
    rows = [
        f"| `{field.alias}` | {default_of(field)} | {field.description} |" for field in Settings.model_fields.values()
    ]
    return SETTINGS_HEAD + "\n".join(rows) + "\n"


def pages() -> dict[Path, str]:
    """Each generated file with what should stand in it."""
    return {
        ROOT / ".env.example": env_example(),
        ROOT / "docs" / "operate" / "settings.md": settings_page(),
        ROOT / "docs" / "findings.md": explained.page() + explained.family_page(runbook_findings),
        ROOT / "docs" / "catalog.schema.json": json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n",
    }


if __name__ == "__main__":
    for file, text in pages().items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
