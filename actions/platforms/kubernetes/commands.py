"""Commands in a cluster: each a Job from the workload's own pod template."""

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

from actions.errors import BackoutError, ConfigurationError, UnavailableError
from actions.platforms.kubernetes.api import Api, Json
from actions.platforms.kubernetes.following import QUIET_SECONDS, Listened, PodGoneError, listen
from actions.platforms.kubernetes.frames import Voices
from actions.platforms.kubernetes.job_making import TOKEN, JobOrder, job_name
from actions.platforms.kubernetes.kinds import CRONJOB, JOB, WORKLOADS
from actions.platforms.kubernetes.starting import (
    START_WITHIN,
    clear_forgotten,
    end,
    found_or_made,
    mark_taken,
    wait_for_pod,
)
from actions.platforms.kubernetes.workloads import annotation, split
from actions.platforms.local import LocalCommands
from actions.platforms.port import Command, Commands, Ended, Finished, Inside, Line

_TICK_SECONDS = 0.1
#: Clocks differ, and a Job that is ended takes a while to be gone.
SPARE = timedelta(minutes=5)


@dataclass(frozen=True, kw_only=True)
class KubernetesCommands:
    """See `Commands`. What has no `inside` runs on this machine."""

    api: Api
    #: The account of Jobs whose command names none.
    account: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    here: Commands = field(default_factory=LocalCommands)
    start_within: timedelta = START_WITHIN
    #: A log that says nothing for so long is asked for anew.
    quiet_seconds: float = QUIET_SECONDS

    def run(
        self,
        command: Command,
        *,
        watch: Callable[[Line], None] | None = None,
        should_stop: Callable[[], bool] | None = None,
    ) -> Finished:
        if command.inside is None:
            return self.here.run(command, watch=watch, should_stop=should_stop)
        stop = should_stop or (lambda: False)
        began = time.monotonic()
        whole = _with_last_word(command, stop)
        if whole is None:
            return Finished(exit_code=1, stdout="", stderr="", seconds=time.monotonic() - began, ended=Ended.STOPPED)
        api = self.api.heeding(stop)
        order = self._order(whole, command.inside)
        return _Run(
            api=api, order=order, watch=watch, should_stop=stop, start_within=self.start_within,
            quiet_seconds=self.quiet_seconds,
        ).through()  # fmt: skip

    def under_way(self, inside: Inside) -> bool:
        """Whether a Job of that name, of an earlier process of ours, has not been listened to until its end."""
        found = self.api.find(JOB, job_name(inside.name)) if inside.name else None
        return found is not None and annotation(found, "backout/taken") is None

    def _order(self, command: Command, inside: Inside) -> JobOrder:
        template: Json | None = None
        if inside.service is not None:
            template = template_of(self.api, inside.service)
        until = None
        if inside.name is None:
            clear_forgotten(self.api)
            until = time.time() + (self.start_within + command.deadline + SPARE).total_seconds()
        return JobOrder(
            name=job_name(inside.name or secrets.token_hex(8)), command=command, template=template,
            container=inside.container, image=inside.image, account=inside.account or self.account, labels=self.labels,
            token=secrets.token_hex(8), until=until,
        )  # fmt: skip


def template_of(api: Api, workload: str) -> Json:
    """The pod template of `deployment/api`."""
    kind, name = split(workload, WORKLOADS)
    found = api.get(kind, name)
    spec = found["spec"]["jobTemplate"]["spec"] if kind == CRONJOB else found["spec"]
    template = spec["template"]
    if not isinstance(template, dict):
        raise BackoutError(f"{workload} has no pod template")
    return template


@dataclass(frozen=True, kw_only=True)
class _Run:
    """One command, from being found or made to its result."""

    api: Api
    order: JobOrder
    watch: Callable[[Line], None] | None
    should_stop: Callable[[], bool]
    start_within: timedelta
    quiet_seconds: float

    def through(self) -> Finished:
        began, command = time.monotonic(), self.order.command
        job = found_or_made(self.api, self.order)
        token = annotation(job, TOKEN) if self.order.is_framed else None
        voices = Voices(token=token, watch=self.watch, keep_bytes=command.keep_bytes)
        try:
            pod = wait_for_pod(self.api, job, enough=self.should_stop, within=self.start_within)
        except UnavailableError:
            raise
        except BackoutError:
            end(self.api, job)
            raise
        started = time.monotonic()

        def enough() -> bool:
            return self.should_stop() or time.monotonic() - started > command.deadline.total_seconds()

        listened = Listened(exit_code=None)
        if pod is not None:
            try:
                listened = listen(self.api, pod, voices, enough=enough, quiet_seconds=self.quiet_seconds)
            except PodGoneError:
                mark_taken(self.api, job)  # nothing more is to be had of it: whoever tries again makes another
                raise
        if listened.exit_code is None:
            stopped = self.should_stop()
            self._leave_or_end(job)
            return self._finished(voices, listened, began, Ended.STOPPED if stopped else Ended.DEADLINE)
        if listened.exit_code == 0:
            self.api.delete(JOB, job, propagation="Background")
        else:
            mark_taken(self.api, job)
        return self._finished(voices, listened, began, Ended.BY_ITSELF)

    def _leave_or_end(self, job: Json) -> None:
        leaves = self.order.command.leaves
        if leaves is not None and leaves():
            return  # another process of ours listens to it from here on
        # Not with the patience that was just told to give up.
        end(self.api.heeding(lambda: False), job)

    def _finished(self, voices: Voices, listened: Listened, began: float, ended: Ended) -> Finished:
        voices.close()
        told = f"[{listened.reason}]\n" if listened.reason not in ("", "Completed", "Error") else ""
        return Finished(
            exit_code=listened.exit_code if listened.exit_code is not None else -9,
            stdout=voices.out.decode(errors="replace"),
            stderr=voices.err.decode(errors="replace") + told,
            seconds=time.monotonic() - began,
            ended=ended,
            cut=voices.cut,
        )


def _with_last_word(command: Command, should_stop: Callable[[], bool]) -> Command | None:
    """A Job cannot be told anything later: it is made when all is known. None when it is stopped before."""
    if command.last_word is None:
        return command
    until = time.monotonic() + command.deadline.total_seconds()
    while (word := command.last_word()) is None:
        if should_stop() or time.monotonic() > until:
            return None
        time.sleep(_TICK_SECONDS)
    if command.inside is None:
        raise ConfigurationError("A command on this machine is told its last word there")
    return replace(command, stdin=command.stdin + word, last_word=None)
