"""The demo's catalog: what the three services look like to Backout. Written anew at each start, for the ports change."""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from bot.demo_world.services import SERVICES, DemoService

HEAD = """\
# The catalog of the demo. Each service is described as you would describe one of your own: see docs/catalog.md.
teams:
  leads: {group: %(group)s, users: [%(leads)s], terminal: [lead]}

policies:
  # One lead for what is harmless, two where something may be lost.
  usual:
    window: 4h
    destructive: allow
    after_new_data: allow
    quorum: {none: 1, low: 1, medium: 1, high: 2, critical: 2}
  # The same; and since guests go on booking while people think, an approval holds for so many more rows than were shown.
  busy:
    window: 4h
    destructive: allow
    after_new_data: allow
    quorum: {none: 1, low: 1, medium: 1, high: 2, critical: 2}
    growth: 2000

services:
"""
SERVICE = """\
  %(name)s:
    environment: production
    description: %(description)s
    platform: {kind: local, folder: %(name)s, env: {DATABASE_URL: "${%(variable)s}", DEMO_PROCESS: "${DEMO_PROCESS}"}}
    database: {url: "${%(variable)s}"%(written_at)s}
    migrations: {config: alembic.ini, run: {python: %(python)s}, url: DATABASE_URL}
    writers:
      stop:
        - {name: writer, process: [%(python)s, ../application/writer.py, %(folder)s], pid_file: "%(home)s/writer.pid"}
        - {name: web, process: [%(python)s, ../application/web.py, %(folder)s, "%(port)s"], pid_file: "%(home)s/web.pid"}
      quiet_for: 2s
      stop_timeout: 20s
      start_timeout: 30s
    application: {command: [touch, older-release], undo: [rm, -f, older-release]}
    checks:
      - http: http://127.0.0.1:%(port)s/health
        json: {path: status, equals: ok}
        patience: 10s
      - {sql: SELECT count(*) FROM %(lasting)s, like_before: true}
    policy: %(policy)s
    approvers: leads
    channel: "#incidents"
    escalation: {contacts: [{title: Database administrator, how: "the number on the fridge"}]}
"""


def write_catalog(folder: Path, ports: Mapping[str, int], *, group: str, leads: Sequence[str]) -> Path:
    """Beside the services' folders."""
    parts = [HEAD % {"group": group, "leads": ", ".join(leads)}]
    parts += [SERVICE % _words(folder / service.name, service, ports[service.name]) for service in SERVICES]
    path = folder / "backout.yml"
    path.write_text("".join(parts))
    return path


def _words(home: Path, service: DemoService, port: int) -> Mapping[str, object]:
    return {
        "name": service.name, "description": json.dumps(service.description), "variable": service.variable,
        "written_at": f", written_at: {service.written_at}" if service.written_at else "", "port": port,
        "policy": "busy" if service.is_busy else "usual",
        "python": json.dumps(sys.executable), "folder": json.dumps(str(home)), "home": home, "lasting": service.lasting,
    }  # fmt: skip
