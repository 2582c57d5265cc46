"""Containers, networks and volumes on a real engine: told once, undone to what ran before, archives proven."""

import secrets
import subprocess
from collections.abc import Iterator

import pytest
from garage import Garage, fails

from actions.history.lifecycle import Status
from tests.docker_world.project import Project, compose_project, docker

pytestmark = pytest.mark.docker

SERVICE = """
  {name}:
    image: ${{BASE}}
    command: [sleep, "1000"]
    stop_signal: SIGKILL
    volumes: ["data:/data"]
    networks: [inner]
"""


def compose_file(tag: str, *names: str) -> str:
    services = "".join(SERVICE.format(name=name) for name in names)
    return (
        f'version: "2.4"\nservices:{services}\nvolumes: {{data: {{name: {tag}_data}}}}\n'
        f"networks: {{inner: {{name: {tag}_inner}}}}\n"
    )


@pytest.fixture
def yard(garage: Garage) -> Iterator[tuple[Garage, Project, str]]:
    """Two commits: with one service and with two; the newer one runs."""
    tag = f"bt{secrets.token_hex(3)}"
    garage.write("docker-compose.yml", compose_file(tag, "old", "both"))
    garage.git("add", "-A")
    garage.git("commit", "-q", "-m", "old")
    garage.write("docker-compose.yml", compose_file(tag, "both", "new"))
    garage.git("commit", "-q", "-am", "new")
    with compose_project(garage.folder) as project:
        garage.entry = {
            "platform": {
                "kind": "compose", "folder": str(garage.folder), "project": project.name,
                "command": " ".join(project.program), "env": dict(project.environ),
            },
            "backups": {"stores": [{"folder": str(garage.home / "stores")}]},
        }  # fmt: skip
        project.up()
        try:
            yield garage, project, tag
        finally:
            project.compose("down", "--volumes", "--remove-orphans", "--timeout", "0", check=False)
            subprocess.run(["docker", "volume", "rm", f"{tag}_data"], capture_output=True, check=False)


def ids(project: Project) -> dict[str, str]:
    return {str(each["Name"]): str(each["State"]["Status"]) for each in project.containers()}  # type: ignore[index]


def services(project: Project) -> set[str]:
    return {name.split("_")[1] if "_" in name else name.split("-")[1] for name in ids(project)}


def inside(project: Project, service: str, *words: str) -> str:
    return project.compose("exec", "-T", service, *words)


@pytest.mark.slow
def test_the_older_project_comes_up_and_undo_brings_the_newer_one_back(yard: tuple[Garage, Project, str]) -> None:
    garage, project, tag = yard
    back = [
        {"compose": "down"},
        {"remove_networks": [f"{tag}_inner"]},
        {"git_restore": "docker-compose.yml", "ref": "HEAD~1"},
        {"compose": "up"},
        {"check": {"containers": "running", "services": ["old", "both"], "count": 2, "networks": [f"{tag}_inner"]}},
    ]
    rollback = garage.run([*back[:4], fails()])
    assert garage.status(rollback) is Status.FAILED, garage.outcome(rollback)
    assert services(project) == {"both", "new"}
    rollback = garage.run(back)
    assert garage.status(rollback) is Status.SUCCEEDED, garage.outcome(rollback)
    assert services(project) == {"old", "both"}
    assert set(ids(project).values()) == {"running"}


@pytest.mark.slow
def test_a_volume_is_archived_of_one_moment_brought_back_and_undone(yard: tuple[Garage, Project, str]) -> None:
    garage, project, tag = yard
    write = "mkdir -p /data/in && echo {0} > /data/in/file && chown 999:1000 /data/in/file && chmod 640 /data/in/file"
    inside(project, "both", "sh", "-c", write.format("good"))
    rollback = garage.run([{"save_volumes": [f"{tag}_data"]}, {**fails(), "optional": True}])
    assert garage.status(rollback) is Status.SUCCEEDED, garage.outcome(rollback)
    assert garage.codes(rollback)["RB123"] == "low"
    assert set(ids(project).values()) == {"running"}, "nothing is left frozen"
    assert list((garage.home / "stores").rglob("content"))
    inside(project, "both", "sh", "-c", write.format("corrupt") + " && rm -f /data/in/none && touch /data/later")
    restore = [{"compose": "down"}, {"restore_volumes": [f"{tag}_data"]}, {"compose": "up"}]
    rollback = garage.run([*restore, fails()])
    assert garage.status(rollback) is Status.FAILED, garage.outcome(rollback)
    assert garage.codes(rollback)["RB112"] == "medium"
    assert inside(project, "both", "cat", "/data/in/file").strip() == "corrupt"
    rollback = garage.run(restore)
    assert garage.status(rollback) is Status.SUCCEEDED, garage.outcome(rollback)
    assert inside(project, "both", "cat", "/data/in/file").strip() == "good"
    listed = inside(project, "both", "ls", "-ln", "/data/in/file").split()
    assert (listed[0][:10], listed[2], listed[3]) == ("-rw-r-----", "999", "1000")
    assert "later" not in inside(project, "both", "ls", "/data")
    labels = docker("volume", "inspect", "--format", "{{json .Labels}}", f"{tag}_data")
    assert project.name in labels, "compose still knows it as its own"


@pytest.mark.slow
def test_what_is_missing_is_refused_before_containers_are_touched(yard: tuple[Garage, Project, str]) -> None:
    garage, project, tag = yard
    before = project.containers()
    rollback = garage.run([{"compose": "down"}, {"restore_volumes": [f"{tag}_data"]}])
    assert garage.status(rollback) is Status.REFUSED
    assert "RB111" in garage.codes(rollback)
    rollback = garage.run([{"save_volumes": [f"{tag}_nothing"]}])
    assert garage.status(rollback) is Status.REFUSED
    assert "RB122" in garage.codes(rollback)
    rollback = garage.run([{"save_volumes": [f"{tag}_nothing"], "optional": True}])
    assert garage.status(rollback) is Status.SUCCEEDED
    assert [each["Id"] for each in project.containers()] == [each["Id"] for each in before]
