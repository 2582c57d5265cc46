"""The step that downgrades, as a runner takes it: `python one_downgrade.py URL KUBECONFIG`. Says what it notes, and
leaves it to others at SIGTERM."""

import signal
import sys
from pathlib import Path
from threading import Event
from types import SimpleNamespace
from typing import Any

from actions.catalog.service import Service
from actions.run.action import Moment
from actions.run.steps.downgrading import Downgrade
from actions.run.steps.site import Site

ENTRY = {
    "environment": "staging", "database": "${URL}", "migrations": {"run": {"workload": "deployment/deeptech-api"}},
    "platform": {"kind": "kubernetes", "namespace": "deeptech"},
}  # fmt: skip


def downgrade(url: str, kubeconfig: str, noted: Any, leaving: Event | None = None) -> Any:
    leaving = leaving or Event()
    service = Service.model_validate(ENTRY, context=None).model_copy(update={"name": "radar"})
    environ = {"URL": url, "KUBECONFIG": kubeconfig}
    site = Site(service=service, environ=environ, history=None, home=Path.cwd())  # type: ignore[arg-type]
    parameters = {"live": ["0005"], "target": ["0004"], "hops": [{"revision": "0005", "after": ["0004"]}]}
    moment = Moment(
        rollback=SimpleNamespace(service="radar", id="RB-1", request_key="k"), others={},  # type: ignore[arg-type]
        step=SimpleNamespace(name="downgrade", parameters=parameters, captured=None),  # type: ignore[arg-type]
        should_stop=leaving.is_set, leaving=leaving.is_set, capture=lambda facts: noted("captured", facts), note=noted,
        progress=lambda *_: None,
    )  # fmt: skip
    return Downgrade(site=site, recheck=lambda _: None).do(moment)


if __name__ == "__main__":
    asked_to_leave = Event()
    signal.signal(signal.SIGTERM, lambda *_: asked_to_leave.set())
    print(downgrade(sys.argv[1], sys.argv[2], lambda kind, _: print(kind, flush=True), asked_to_leave))
