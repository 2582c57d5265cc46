"""The application taken back by its files: from an earlier commit, or by a setting. What they were is kept whole."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from actions.catalog.command import Command
from actions.catalog.envref import EnvRef
from actions.catalog.release import GitRelease, SettingRelease
from actions.errors import BackoutError, ConfigurationError
from actions.files import env_setting
from actions.files.kept import Keeper
from actions.files.switching import read, switched, write
from actions.history.canonical import JsonObject
from actions.platforms.house import House
from actions.redaction import learn_secret, redact
from actions.release.git_files import TakenFiles
from actions.release.git_tree import GitTree
from actions.release.port import ShouldStop


@dataclass(frozen=True, kw_only=True)
class FilesFromGit:
    """Files from an earlier commit, then built. Which commit a name means is settled before anything changes."""

    house: House
    release: GitRelease
    #: A folder of ours: what the files were is kept there.
    kept: Path

    def look(self) -> JsonObject:
        tree = self._tree()
        commit = tree.commit_of(self.release.git)
        if commit is None:
            alike = tree.alike(self.release.git)
            raise ConfigurationError(
                f"There is no commit, tag or branch {self.release.git}", where=str(self.house.folder),
                next_step=f"There is {', '.join(alike)}." if alike else "Correct `git` under `application`.",
            )  # fmt: skip
        under_way = tree.look().under_way
        if under_way:
            raise BackoutError(
                f"{under_way.capitalize()} is under way in the tree", next_step="End it or abort it first."
            )
        return {"commit": commit, "kept": secrets.token_hex(6)}

    def is_back(self, was: JsonObject) -> bool | None:
        return None if self.release.build or not self._files(was).are_taken() else True

    def take_back(self, was: JsonObject, should_stop: ShouldStop) -> None:
        files = self._files(was, should_stop)
        files.keep(should_stop)
        files.take()
        self._build(should_stop)

    def bring_again(self, was: JsonObject, should_stop: ShouldStop) -> None:
        if "commit" in was:
            self._files(was, should_stop).give_back(None)
            self._build(should_stop)

    def _files(self, was: JsonObject, should_stop: ShouldStop = lambda: False) -> TakenFiles:
        return TakenFiles(
            tree=self._tree().stopping(should_stop), archive=self.kept / f"release-{was['kept']}.tar.gz",
            commit=str(was["commit"]), paths=self.release.paths or (".",),
        )  # fmt: skip

    def _tree(self) -> GitTree:
        return GitTree(folder=self.house.folder, environ=self.house.environ)

    def _build(self, should_stop: ShouldStop) -> None:
        run_all(self.house, self.release.build, should_stop)


def run_all(house: House, commands: Sequence[Command], should_stop: ShouldStop) -> None:
    for written in commands:
        finished = house.commands.run(house.command(written), should_stop=should_stop)
        if not finished.succeeded:
            lines = [line for line in redact(finished.stderr or finished.stdout).splitlines() if line.strip()]
            raise BackoutError(
                f"`{redact(' '.join(written.argv))}` ended with {finished.exit_code}{f': {lines[-1][:200]}' if lines else ''}",
                next_step="Run it by hand to see why.",
            )


@dataclass(frozen=True, kw_only=True)
class SwitchedSetting:
    """A setting of a `.env` file; the file as it was comes back, or this one setting when others changed it meanwhile."""

    house: House
    release: SettingRelease
    kept: Path

    def look(self) -> JsonObject:
        return {"kept": secrets.token_hex(6)}

    def is_back(self, was: JsonObject) -> bool | None:  # noqa: ARG002  the file itself says it
        before, after = self._before_and_after()
        return before == after

    def take_back(self, was: JsonObject, should_stop: ShouldStop) -> None:
        self._keeper(was).keep([self.release.file], should_stop=should_stop)
        before, after = self._before_and_after()
        if before != after:
            write(self.house.folder / self.release.file, after)

    def bring_again(self, was: JsonObject, should_stop: ShouldStop) -> None:  # noqa: ARG002  it is done in a moment
        if "kept" not in was or not self._keeper(was).is_whole():
            return
        file = self.house.folder / self.release.file
        kept = self._keeper(was).content(self.release.file)
        before = (kept or b"").decode("utf-8", "surrogateescape")
        old = env_setting.value_of(before, self.release.setting)
        ours = switched(before, file=self.release.file, service=None, name=self.release.setting, value=self._value())
        if read(file) == ours or old is None:
            self._keeper(was).give_back(made=[self.release.file])
        else:
            write(file, env_setting.switch(read(file), self.release.setting, old).text)

    def _before_and_after(self) -> tuple[str, str]:
        before = read(self.house.folder / self.release.file)
        name, value = self.release.setting, self._value()
        return before, switched(before, file=self.release.file, service=None, name=name, value=value)

    def _value(self) -> str:
        value = self.release.to
        if isinstance(value, EnvRef):
            value = value.resolve(self.house.environ)
            learn_secret(value)
        return value

    def _keeper(self, was: JsonObject) -> Keeper:
        return Keeper(archive=self.kept / f"release-{was['kept']}.tar.gz", folder=self.house.folder)
