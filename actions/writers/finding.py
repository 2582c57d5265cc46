"""From the catalog's writers to those that can be stopped and started."""

import signal
from collections.abc import Mapping
from typing import assert_never

from actions.catalog import command as catalogued
from actions.catalog import writers as written
from actions.catalog.service import Service
from actions.errors import ConfigurationError
from actions.platforms.compose_house import compose_of
from actions.platforms.house import House
from actions.platforms.kubernetes.kinds import DEPLOYMENT, STATEFULSET
from actions.platforms.kubernetes_house import KubernetesHouse, api_of
from actions.writers import keepers
from actions.writers.autoscaled import PausedAutoscaler
from actions.writers.commanded import CommandedWriter
from actions.writers.composed import ComposedWriter
from actions.writers.keepers import pauses_keepers
from actions.writers.port import Writer
from actions.writers.processes import ProcessWriter
from actions.writers.roles import RoleWriter
from actions.writers.scaled import ScaledWriter
from actions.writers.suspended import SuspendedWriter

#: What `systemctl is-active` says of a unit that does not run.
SYSTEMD_STOPPED = frozenset({3})


def writers_of(house: House) -> Mapping[str, Writer]:
    """By name, in the order in which they are stopped."""
    found = {each.known_as: writer_for(each, house) for each in house.service.writers.stop}
    if not pauses_keepers(house.service) or not isinstance(house, KubernetesHouse):
        return found
    if keepers.NAME in found:
        raise ConfigurationError(
            f"A writer is called {keepers.NAME}, which is what pausing Argo CD and its like is called",
            where=f"service {house.service.name}",
            next_step="Give it another `name`.",
        )
    return {keepers.NAME: keepers.keepers_for(house), **found}


def writer_for(entry: written.Writer, house: House) -> Writer:
    times = house.service.writers
    match entry:
        case written.CommandWriter():
            return CommandedWriter(
                name=entry.known_as, house=house, stopping=entry.command.stop, starting=entry.command.start,
                asking=entry.command.status, stop_within=times.stop_timeout, start_within=times.start_timeout,
            )  # fmt: skip
        case written.SystemdWriter():
            return _systemd(entry, house)
        case written.ProcessWriter():
            return ProcessWriter(
                name=entry.known_as, house=house, starting=entry.process, pid_file=entry.pid_file,
                signal=signal.Signals[f"SIG{entry.signal}"], stop_within=times.stop_timeout, start_within=times.start_timeout,
            )  # fmt: skip
        case written.RoleWriter():
            return RoleWriter(
                name=entry.known_as, role=entry.role, how=entry.how, url=_admin_url(house.service, house.environ),
                stop_within=times.stop_timeout,
            )  # fmt: skip
        case (
            written.DeploymentWriter()
            | written.StatefulSetWriter()
            | written.CronJobWriter()
            | written.AutoscalerWriter()
        ):
            return _in_cluster(entry, house)
        case written.ComposeWriter():
            return ComposedWriter(
                name=entry.known_as, service=entry.compose, commands=compose_of(house, f"Writer {entry.known_as}").commands,
                stop_within=times.stop_timeout, start_within=times.start_timeout,
            )  # fmt: skip
        case _:
            assert_never(entry)


def _systemd(entry: written.SystemdWriter, house: House) -> CommandedWriter:
    def command(verb: str) -> catalogued.Command:
        user = ("--user",) if entry.user else ()
        return catalogued.Command.model_validate({"argv": ["systemctl", *user, verb, entry.systemd]})

    times = house.service.writers
    return CommandedWriter(
        name=entry.known_as, house=house, stopping=command("stop"), starting=command("start"), asking=command("is-active"),
        stopped_codes=SYSTEMD_STOPPED, stop_within=times.stop_timeout, start_within=times.start_timeout,
    )  # fmt: skip


def _in_cluster(
    entry: written.DeploymentWriter | written.StatefulSetWriter | written.CronJobWriter | written.AutoscalerWriter, house: House
) -> Writer:  # fmt: skip
    api, times, name = api_of(house, f"Writer {entry.known_as}"), house.service.writers, entry.known_as
    match entry:
        case written.CronJobWriter():
            return SuspendedWriter(
                name=name, api=api, cronjob=entry.cronjob, running=entry.running, stop_within=times.stop_timeout
            )
        case written.AutoscalerWriter():
            return PausedAutoscaler(name=name, api=api, autoscaler=entry.hpa)
        case written.DeploymentWriter() | written.StatefulSetWriter():
            is_deployment = isinstance(entry, written.DeploymentWriter)
            return ScaledWriter(
                name=name, api=api, kind=DEPLOYMENT if is_deployment else STATEFULSET,
                workload=entry.deployment if isinstance(entry, written.DeploymentWriter) else entry.statefulset,
                stop_within=times.stop_timeout, start_within=times.start_timeout,
            )  # fmt: skip


def _admin_url(service: Service, environ: Mapping[str, str]) -> str:
    if service.database is None:
        raise ConfigurationError("A role can only be kept out of a `database`", where=f"service {service.name}")
    return (service.database.admin_url or service.database.url).resolve(environ)
