"""A service in a namespace of a cluster: Jobs for its commands, no files of its own on this machine."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path, PurePath

from actions.catalog import command as catalogued
from actions.catalog.envref import as_variables
from actions.catalog.migrations import RunInImage, RunLikeWorkload
from actions.catalog.platform import KubernetesPlatform
from actions.catalog.release import DeploymentRelease
from actions.catalog.service import Service
from actions.catalog.writers import DeploymentWriter
from actions.errors import ConfigurationError
from actions.platforms.house import House, Workplace, migrations_of, name_of
from actions.platforms.kubernetes.api import Api
from actions.platforms.kubernetes.commands import KubernetesCommands
from actions.platforms.kubernetes.connecting import Cluster
from actions.platforms.local import ordinary_surroundings
from actions.platforms.port import Command, Inside


@dataclass(frozen=True, kw_only=True)
class KubernetesHouse:
    """See `House`."""

    service: Service
    environ: Mapping[str, str] = field(repr=False)

    @property
    def platform(self) -> KubernetesPlatform:
        if not isinstance(self.service.platform, KubernetesPlatform):
            raise ConfigurationError(f"It is on {self.service.platform.kind}", where=f"service {self.service.name}")
        return self.service.platform

    @property
    def api(self) -> Api:
        platform = self.platform
        return _api(platform.namespace, platform.context, platform.kubeconfig, self.environ.get("KUBECONFIG"))

    @property
    def commands(self) -> KubernetesCommands:
        labels = {"backout/service": re.sub(r"[^A-Za-z0-9._-]", "-", self.service.name)[:60].strip("-._")}
        return KubernetesCommands(api=self.api, account=self.platform.service_account, labels=labels)

    @property
    def folder(self) -> Path:
        raise ConfigurationError(
            "A service on Kubernetes has no folder on the machine where Backout runs",
            where=f"service {self.service.name}",
            next_step="Use checks and steps that need no files: `http`, `sql`, `ready`, or a `command` with a `service`.",
        )

    def variables(self) -> dict[str, str]:
        """A Job has what its workload has; there is nothing to add."""
        return {}

    def command(self, written: catalogued.Command) -> Command:
        env = as_variables(written.env, self.environ)
        if written.service is None:
            folder = PurePath(written.folder) if written.folder else None
            surroundings = ordinary_surroundings(self.environ)
            return Command(argv=written.argv, folder=folder, env={**surroundings, **env}, deadline=written.timeout)
        name = name_of(self.service, (written.service, *written.argv), self.environ)
        return Command(
            argv=written.argv, inside=Inside(service=written.service, name=name), env=env, deadline=written.timeout,
            folder=PurePath(written.folder) if written.folder else None,
        )  # fmt: skip

    def workplace(self) -> Workplace:
        migrations = migrations_of(self.service)
        folder = PurePath(migrations.folder) if migrations.folder else None
        match migrations.run:
            case RunLikeWorkload() as run:
                inside = Inside(service=run.workload, container=run.container)
                return Workplace(python=run.python, folder=folder, inside=inside)
            case RunInImage() as run:
                inside = Inside(image=run.image, account=run.service_account)
                return Workplace(python=run.python, folder=folder, inside=inside)
            case None:
                return Workplace(python="python", folder=folder, inside=Inside(service=self._usual_workload()))
            case other:
                raise ConfigurationError(
                    f"Migrations of a service on Kubernetes cannot run with {type(other).__name__}",
                    where=f"service {self.service.name}",
                    next_step="Write `run: {workload: deployment/NAME}` under `migrations`.",
                )

    def url_there(self) -> str:
        database = self.service.database
        if database is None:
            raise ConfigurationError(f"{self.service.name} has no database in the catalog", next_step="Add `database`.")
        return (database.inside_url or database.url).resolve(self.environ)

    def cut_off(self, inside: Inside) -> bool:  # noqa: ARG002  a pod's network is its namespace's policies' business
        return False

    def made_from(self, inside: Inside) -> str | None:  # noqa: ARG002  a tag may lead to another image at any time
        return None

    def under_way(self, inside: Inside) -> bool:
        return self.commands.under_way(inside)

    def _usual_workload(self) -> str:
        """The only Deployment that the catalog names."""
        named = {each.deployment for each in self.service.writers.stop if isinstance(each, DeploymentWriter)}
        named |= {each.deployment for each in self.service.application if isinstance(each, DeploymentRelease)}
        if len(named) != 1:
            raise ConfigurationError(
                "The catalog does not say which workload's image has the migrations",
                where=f"service {self.service.name}",
                next_step="Write `run: {workload: deployment/NAME}` under `migrations`.",
            )
        return f"deployment/{named.pop()}"


@cache
def _api(namespace: str, context: str | None, kubeconfig: Path | None, from_environment: str | None) -> Api:
    """One for the life of the process: its connections are used again, its token is renewed when it has expired."""
    cluster = Cluster(namespace=namespace, context=context, kubeconfig=kubeconfig)
    return Api.of(cluster, {"KUBECONFIG": from_environment} if from_environment else {})


def api_of(house: House, what: str) -> Api:
    """ConfigurationError where the service is not on Kubernetes."""
    if not isinstance(house, KubernetesHouse):
        raise ConfigurationError(
            f"{what} needs a kubernetes platform",
            where=f"service {house.service.name}",
            next_step="Correct the catalog.",
        )
    return house.api
