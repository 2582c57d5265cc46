"""The names under which plans keep their actions; whoever only reads a plan needs no more of the run than these."""

PREFLIGHT, CAPTURE, STOP, QUIET = "preflight", "capture", "stop-writer", "prove-quiet"
BACK_UP, PROVE = "back-up", "prove"
DOWNGRADE, RESTORE, SWAP_BACK, VERIFY = "downgrade", "restore", "swap-back", "verify"
RELEASE, RELEASE_AGAIN = "take-back-application", "bring-application-again"
RESUME, HEALTH, CLOSE = "resume-writer", "health", "close"

#: Actions of declared steps are called by their kind behind this.
PREFIX = "runbook:"


def action_of(kind: str) -> str:
    return PREFIX + kind


#: Among the roles of a voice: nobody who should have approved answered.
GLASS_BROKEN = "glass broken"
