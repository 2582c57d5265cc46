"""What is wrong on the machine is said in a sentence, never as a traceback."""

from pathlib import Path

import pytest

from actions.backup.connecting import place_of
from actions.errors import ConfigurationError, UnavailableError
from actions.platforms.compose import ComposeProject
from actions.platforms.compose import look_at as look_at_compose
from actions.platforms.env_file import read_env_file
from actions.platforms.kubernetes import Cluster, look_at


@pytest.mark.parametrize("text", ["{{{", "[]", "clusters: 3"])
def test_a_broken_kubeconfig_is_said(tmp_path: Path, text: str) -> None:
    file = tmp_path / "config"
    file.write_text(text)
    with pytest.raises(UnavailableError, match="no usable cluster configuration"):
        look_at(Cluster(namespace="app", kubeconfig=file), {})


@pytest.mark.parametrize(("mode", "said"), [(0o644, "cannot be started"), (0o755, "went wrong")])
def test_a_docker_that_cannot_run_or_speaks_no_utf8_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: int, said: str
) -> None:
    docker = tmp_path / "docker"
    docker.write_text("#!/bin/sh\nprintf '\\377 went wrong' >&2\nexit 1\n")
    docker.chmod(mode)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UnavailableError, match=said):
        look_at_compose(ComposeProject(folder=tmp_path, program=("docker", "compose")), {"PATH": str(tmp_path)})


def test_several_servers_are_no_place_for_a_rehearsal() -> None:
    with pytest.raises(ConfigurationError, match="several servers"):
        place_of("postgresql://u@one:5432,two:5433/app")


def test_an_empty_port_is_the_usual_one() -> None:
    assert place_of("postgresql:///app?host=/run/pg&port=") == ("/run/pg", 5432, "app")


def test_an_env_file_from_windows_is_read(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_bytes(b"\xef\xbb\xbfNAME=value\r\n")
    assert read_env_file(file) == {"NAME": "value"}
