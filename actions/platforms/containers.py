"""What an engine says of a container, as plain values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Container:
    id: str
    name: str
    service: str
    number: int
    #: `created`, `running`, `paused`, `restarting`, `exited`, `dead`.
    state: str
    #: `healthy`, `unhealthy`, `starting`; None where it has no health check.
    health: str | None
    exit_code: int
    restarts: int
    #: When its present life began, as the engine writes it.
    started: str
    #: The image by the name that it was made from, and by its number.
    image: str
    image_id: str
    #: What compose made it from; compared with `DockerCli.configured_hash`.
    made_of: str | None
    one_off: bool
    #: `host`, `none`, `container:...`, or a network's name.
    network_mode: str
    networks: tuple[str, ...]
    #: Named volumes and where they are mounted.
    volumes: Mapping[str, str]

    @property
    def runs(self) -> bool:
        """It may write, now or at any moment."""
        return self.state in ("running", "paused", "restarting")

    @property
    def is_well(self) -> bool:
        return self.state == "running" and self.health in (None, "healthy")

    def words(self) -> str:
        """For people."""
        if self.state == "running":
            return f"{self.name} is {self.health or 'running'}"
        ended = f" with {self.exit_code}" if self.state == "exited" else ""
        return f"{self.name} is {self.state}{ended}"


def containers_in(inspected: Sequence[Mapping[str, Any]]) -> tuple[Container, ...]:
    """In the order of their services and numbers."""
    found = [_container(each) for each in inspected]
    return tuple(sorted(found, key=lambda each: (each.service, each.number, each.name)))


def _container(said: Mapping[str, Any]) -> Container:
    config, state = said.get("Config") or {}, said.get("State") or {}
    labels = config.get("Labels") or {}
    number = str(labels.get("com.docker.compose.container-number", "0"))
    return Container(
        id=str(said["Id"]),
        name=str(said.get("Name", "")).lstrip("/"),
        service=str(labels.get("com.docker.compose.service", "")),
        number=int(number) if number.isdecimal() else 0,
        state=str(state.get("Status", "unknown")),
        health=_health(state),
        exit_code=int(state.get("ExitCode") or 0),
        restarts=int(said.get("RestartCount") or 0),
        started=str(state.get("StartedAt", "")),
        image=str(config.get("Image", "")),
        image_id=str(said.get("Image", "")),
        made_of=labels.get("com.docker.compose.config-hash"),
        one_off=str(labels.get("com.docker.compose.oneoff", "False")).lower() == "true",
        network_mode=str((said.get("HostConfig") or {}).get("NetworkMode", "")),
        networks=tuple(sorted((said.get("NetworkSettings") or {}).get("Networks") or {})),
        volumes={
            str(mount["Name"]): str(mount["Destination"])
            for mount in said.get("Mounts") or ()
            if mount.get("Type") == "volume" and mount.get("Name")
        },
    )


def _health(state: Mapping[str, Any]) -> str | None:
    health = (state.get("Health") or {}).get("Status")
    return str(health) if health and health != "none" else None
