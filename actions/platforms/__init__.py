"""Where a service runs: run a command there, stop and start what writes there."""
