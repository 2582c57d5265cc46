"""A process that asks for rollbacks: one line in (service and key), one line out (what it got)."""

import sys

from actions.history.database import open_history
from actions.history.rollbacks import RollbackRequest, open_rollback

with open_history(sys.argv[1]) as history:
    print("ready", flush=True)
    for line in sys.stdin:
        service, key = line.split()
        opened = open_rollback(
            history,
            RollbackRequest(
                request_key=key, service=service, environment="production", requester="U1", target="previous"
            ),
        )
        print(opened.rollback.id, opened.created, opened.existing_because, flush=True)
