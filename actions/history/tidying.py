"""Keeps the queue's tables small. A job is only a nudge: nobody needs it once it is over."""

import procrastinate
from procrastinate.jobs import Status

HOURLY = "17 * * * *"
#: Done jobs go at once (the worker sees to it); failed ones can be looked at for a week.
KEEP_FAILED_HOURS = 7 * 24
#: Its worker gave no sign of life for so long; a worker that lives gives one every ten seconds.
LOST_AFTER_SECONDS = 3600.0


def tidying(*forgettable: str) -> procrastinate.Blueprint:
    """The periodic task. Jobs of the `forgettable` tasks that died with their worker are removed, not repeated."""
    blueprint = procrastinate.Blueprint()

    @blueprint.periodic(cron=HOURLY)
    @blueprint.task(name="queue:tidy", queueing_lock="backout:queue:tidy", pass_context=True)
    async def tidy(context: procrastinate.JobContext, timestamp: int) -> None:  # noqa: ARG001 because it is the queue's
        jobs = context.app.job_manager
        await jobs.delete_old_jobs(
            nb_hours=KEEP_FAILED_HOURS, include_failed=True, include_cancelled=True, include_aborted=True
        )
        for name in forgettable:
            for lost in await jobs.get_stalled_jobs(task_name=name, seconds_since_heartbeat=LOST_AFTER_SECONDS):
                await jobs.finish_job(job=lost, status=Status.FAILED, delete_job=True)

    return blueprint
