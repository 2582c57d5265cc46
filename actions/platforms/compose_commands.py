"""Commands in containers of a compose project: in one that runs, or in a fresh one that is made like the service's.

A killed client leaves its container running. So whatever was started is ended by name when it is killed, when its time is
over, and (by the leash) when we die; and before a name is used again, whatever still has it is ended.
"""

import re
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

from actions.errors import BackoutError, ConfigurationError, UnavailableError
from actions.platforms.containers import Container
from actions.platforms.docker_cli import DockerCli, DockerError, explained
from actions.platforms.local import LocalCommands
from actions.platforms.port import Command, Ended, Finished, Inside, Line

#: On every container of ours: until when it may be there, in seconds since 1970.
UNTIL, OWNER = "backout.until", "backout.service"
#: On one that was started once: its own, so that nobody ends what another has started since under the same name.
START = "backout.start"
#: How long after its deadline somebody else may clear a container away.
GRACE_SECONDS = 300
#: Marks a command in a container that is not ours, to find it there again with everything that it started.
MARK = "BACKOUT_MARK"
#: The container with that label goes. Nobody is there to look again when we died, and an engine with much to do may make it
#: only now, though the client that asked for it is dead.
END_STARTED = """
label=$1; shift
for again in 1 2 3 4 5 6 7 8; do
  found=$("$@" ps --all --quiet --filter "label=$label")
  if [ -n "$found" ]; then "$@" rm --force $found && exit 0; fi
  [ -n "$BACKOUT_ALONE" ] || exit 0
  sleep 1
done
"""
#: Where no better way exists. Only a shell and grep are needed.
END_MARKED = f"""
for signal in TERM KILL; do
  for process in /proc/[0-9]*; do
    if grep -q "{MARK}=$1" "$process/environ" 2>/dev/null; then kill -$signal "${{process#/proc/}}" 2>/dev/null; fi
  done
  [ $signal = TERM ] && sleep 1
done
exit 0
"""
#: Variables that the client itself needs: given to the container by value, for they hold no secret.
CLIENTS_OWN = ("PATH", "HOME", "LANG", "TZ", "TMPDIR")
#: What puts files into a service's containers besides its image.
FILES_FROM_ELSEWHERE = ("volumes", "volumes_from", "configs", "secrets")
#: What the client ends with when it is the engine that says no.
ENGINE_SAYS_NO = 125
_NO_PROGRAM = re.compile(
    r"executable file not found|no such file or directory: unknown|permission denied: unknown"
    r"|FATAL tini \(\d+\)\] exec",
    re.IGNORECASE,
)
_NOT_RUNNING = re.compile(r"is not running|no such container|no container found", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class ComposeCommands:
    """See `Commands`. A command without an `inside` runs on this machine."""

    cli: DockerCli
    #: Whose containers they are.
    owner: str
    here: LocalCommands = field(default_factory=LocalCommands)

    def run(
        self,
        command: Command,
        *,
        watch: Callable[[Line], None] | None = None,
        should_stop: Callable[[], bool] | None = None,
    ) -> Finished:
        """See `Commands.run`."""
        inside = command.inside
        if inside is None:
            return self.here.run(command, watch=watch, should_stop=should_stop)
        if inside.one_off:
            return self._in_a_fresh_one(command, inside, watch=watch, should_stop=should_stop)
        return self._in_the_running_one(command, inside, watch=watch, should_stop=should_stop)

    def _in_a_fresh_one(
        self, command: Command, inside: Inside, *, watch: Callable[[Line], None] | None,
        should_stop: Callable[[], bool] | None,
    ) -> Finished:  # fmt: skip
        name = container_name(inside.name or f"{self.owner}-{secrets.token_hex(6)}")
        self._clear_away()
        self.end(name)
        until = int(time.time() + command.deadline.total_seconds()) + GRACE_SECONDS
        start = f"{START}={secrets.token_hex(8)}"
        labels = (f"--label={UNTIL}={until}", f"--label={OWNER}={self.owner}", f"--label={start}")
        if inside.service is not None:
            self.image_of(inside.service)
            made = (*self.cli.compose, "run", "--rm", "-T", "--no-deps", f"--name={name}", *labels)
            which = inside.service
        else:
            which = str(inside.image)
            self._require_image(which)
            made = (*self.cli.docker, "run", "--rm", "--interactive", f"--name={name}", *labels, *self._network())
        words = (
            *made, *_variables(command.env), *_folder(command), f"--entrypoint={command.argv[0]}", which,
            *command.argv[1:],
        )  # fmt: skip
        rites = ("sh", "-c", END_STARTED, "sh", start, *self.cli.docker)
        finished = self.here.run(self._client(command, words, rites), watch=watch, should_stop=should_stop)
        if not finished.succeeded:
            self.end(name)
        return self._judged(finished, command, which)

    def _in_the_running_one(
        self, command: Command, inside: Inside, *, watch: Callable[[Line], None] | None,
        should_stop: Callable[[], bool] | None,
    ) -> Finished:  # fmt: skip
        container = self.running(str(inside.service))
        mark = secrets.token_hex(8)
        words = (
            *self.cli.docker, "exec", "--interactive", "-e", MARK, *_variables(command.env), *_folder(command),
            container.id, *command.argv,
        )  # fmt: skip
        rites = (*self.cli.docker, "exec", container.id, "sh", "-c", END_MARKED, "sh", mark)
        client = self._client(replace(command, env={**command.env, MARK: mark}), words, rites)
        finished = self.here.run(client, watch=watch, should_stop=should_stop)
        if finished.ended is not Ended.BY_ITSELF:
            self._require_ended(container, mark, command)
        return self._judged(finished, command, container.name)

    def running(self, service: str) -> Container:
        """The first container of the service that runs; ConfigurationError where there is none."""
        running = [each for each in self.cli.containers(service) if each.state == "running"]
        if not running:
            raise ConfigurationError(
                f"No container of {service!r} runs", where=f"compose project {self.cli.name}",
                next_step="Start it, or let the command run in a fresh one (`one_off: true`).",
            )  # fmt: skip
        return running[0]

    def require_service(self, service: str) -> None:
        """ConfigurationError where the compose files have none of that name."""
        configured = self.cli.configuration().get("services", {})
        if service not in configured:
            known = ", ".join(sorted(configured)) or "none"
            raise ConfigurationError(
                f"The compose project has no service {service!r}; it has {known}", where=f"compose project {self.cli.name}",
                next_step="Correct the name in the catalog, or name the profile that has it.",
            )  # fmt: skip

    def image_of(self, service: str) -> str:
        """What a fresh container of it would be made from; ConfigurationError where it is not there: nothing is pulled
        or built on the way."""
        self.require_service(service)
        configured = self.cli.configuration().get("services", {})
        written = configured[service].get("image")
        candidates = [str(written)] if written else [f"{self.cli.name}-{service}", f"{self.cli.name}_{service}"]
        for image in candidates:
            if self.cli.inspect(image, kind="image"):
                return image
        raise _no_image(" or ".join(candidates))

    def made_from(self, inside: Inside) -> str | None:
        """The image's own id; None for a container that has files from elsewhere as well, or that runs already."""
        if not inside.one_off:
            return None
        image = inside.image
        if inside.service is not None:
            image = self.image_of(inside.service)
            configured = self.cli.configuration()["services"][inside.service]
            if any(configured.get(key) for key in FILES_FROM_ELSEWHERE):
                return None
        found = self.cli.inspect(str(image), kind="image")
        return str(found[0]["Id"]) if found else None

    def end(self, name: str) -> None:
        """Whatever has this name is gone afterwards."""
        try:
            self.cli.ask("rm", "--force", name)
        except DockerError as error:
            if "no such container" not in error.what.lower() and "already in progress" not in error.what.lower():
                raise
        if self.cli.inspect(name):
            raise UnavailableError(f"The container {name} could not be removed", next_step="Look at the engine.")

    def _require_image(self, image: str) -> None:
        if not self.cli.inspect(image, kind="image"):
            raise _no_image(image)

    def words_of_fresh(self, image: str, *, within: timedelta) -> tuple[str, ...]:
        """For the client: a container of that image, in the project's network, removed when it ends. Whoever calls it by
        itself ends it by its stream; what is left all the same is cleared away after that time."""
        self._require_image(image)
        self._clear_away()
        until = int(time.time() + within.total_seconds())
        labels = (f"--label={UNTIL}={until}", f"--label={OWNER}={self.owner}")
        return ("run", "--rm", "--interactive", "--pull=never", *labels, *self._network())

    def _network(self) -> tuple[str, ...]:
        """The project's, so that the names of its services lead somewhere."""
        label = f"label=com.docker.compose.project={self.cli.name}"
        found = sorted(self.cli.ask("network", "ls", "--filter", label, "--format", "{{.Name}}").split())
        return (f"--network={found[0]}",) if found else ()

    def _client(self, command: Command, words: tuple[str, ...], rites: tuple[str, ...]) -> Command:
        """The client is a process of this machine. Variables reach the container by name: their values are in its
        environment alone, and in nobody's list of processes."""
        given = {name: value for name, value in command.env.items() if name not in CLIENTS_OWN}
        return replace(
            command, argv=words, inside=None, folder=self.cli.project.folder, env={**self.cli.environ, **given},
            last_rites=rites,
        )  # fmt: skip

    def _clear_away(self) -> None:
        """Of ours, whatever outlived its time: its runner died, and its leash with it."""
        form = f'{{{{.ID}}}} {{{{.Label "{UNTIL}"}}}}'
        listed = self.cli.ask("ps", "--all", "--filter", f"label={OWNER}={self.owner}", "--format", form)
        for line in listed.splitlines():
            container, _, until = line.partition(" ")
            if until.isdecimal() and int(until) < time.time():
                self.end(container)

    def _require_ended(self, container: Container, mark: str, command: Command) -> None:
        look = f'grep -l "{MARK}={mark}" /proc/[0-9]*/environ 2>/dev/null | grep -q .'
        try:
            self.cli.ask("exec", container.id, "sh", "-c", look)
        except DockerError as error:
            if "executable file not found" not in error.what:
                return  # nothing was found
        raise UnavailableError(
            f"{command.argv[0]} could not be ended in {container.name}",
            next_step="End it there by hand. A fresh container (`one_off: true`) can always be ended.",
        )

    def _judged(self, finished: Finished, command: Command, where: str) -> Finished:
        """What the command said, unless it is the engine that spoke."""
        if finished.succeeded or finished.ended is not Ended.BY_ITSELF:
            return finished
        last = finished.stderr[-4000:]
        # For a command in a container that runs, the engine says it on standard output.
        if finished.exit_code in (1, 126, 127) and _NO_PROGRAM.search(last + finished.stdout[:2000]):
            raise ConfigurationError(
                f"{command.argv[0]} cannot be started in {where}", next_step="Correct the command in the catalog."
            )
        error = explained(last, f"the engine said no ({finished.exit_code})")
        if isinstance(error, UnavailableError) and not command_spoke(finished):
            raise error
        if finished.exit_code == ENGINE_SAYS_NO or (finished.exit_code == 1 and _NOT_RUNNING.search(error.what)):
            raise BackoutError(f"{command.argv[0]} could not be run in {where}: {error.what}")
        return finished


def container_name(wanted: str) -> str:
    """As docker takes it, and so that everybody sees whose it is."""
    name = re.sub(r"[^a-z0-9_.-]", "-", wanted.lower())
    return name if name.startswith("backout-") else f"backout-{name}"


def command_spoke(finished: Finished) -> bool:
    """It printed something: then what is on standard error is its own, whatever it sounds like."""
    return bool(finished.stdout)


def _no_image(image: str) -> ConfigurationError:
    return ConfigurationError(
        f"The image {image} is not on this engine, and Backout pulls and builds nothing by itself",
        next_step="Pull or build it there, then try again.",
    )


def _variables(env: Mapping[str, str]) -> tuple[str, ...]:
    """The short option: the older compose knows no other."""
    words = (f"{name}={value}" if name in CLIENTS_OWN else name for name, value in env.items())
    return tuple(each for word in words for each in ("-e", word))


def _folder(command: Command) -> tuple[str, ...]:
    return (f"--workdir={command.folder}",) if command.folder is not None else ()
