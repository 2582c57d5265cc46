"""Files taken from an earlier commit with everything kept that they were, git's index too; and given back."""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from actions.files.kept import Keeper
from actions.release.git_tree import GitTree


@dataclass(frozen=True, kw_only=True)
class TakenFiles:
    """Of one step of one rollback."""

    tree: GitTree
    #: Where what they were is kept.
    archive: Path
    commit: str
    paths: Sequence[str]

    @property
    def keeper(self) -> Keeper:
        return Keeper(archive=self.archive, folder=self.tree.folder)

    def keep(self, should_stop: Callable[[], bool]) -> None:
        """Without effect when it was done before: then files may have been taken already."""
        if self.keeper.is_whole():
            return
        self.archive.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        index = self.tree.index_file()
        if index.exists():
            shutil.copyfile(index, self._kept_index)
        self.keeper.keep(self.tree.paths_at_stake(self.commit, self.paths), should_stop=should_stop)

    def take(self) -> str | None:
        """The mark of git's index afterwards: as long as it is that, the older one can be put back."""
        self.tree.take(self.commit, self.paths)
        return _mark(self.tree.index_file())

    def are_taken(self) -> bool:
        return self.tree.is_taken(self.commit, self.paths)

    def give_back(self, index_mark: str | None) -> bool:
        """Byte by byte; False when somebody staged something meanwhile, so that git's index was left as it is."""
        if not self.keeper.is_whole():
            return True
        self.tree.let_go_of_stale_lock()
        self.keeper.give_back(made=self.tree.files_in(self.commit, self.paths))
        index = self.tree.index_file()
        if not self._kept_index.exists():
            return True
        if index_mark is not None and index_mark != _mark(index):
            return False
        fresh = index.with_name("index.backout")
        shutil.copyfile(self._kept_index, fresh)
        fresh.replace(index)
        return True

    @property
    def _kept_index(self) -> Path:
        return self.archive.with_name(self.archive.name.removesuffix(".tar.gz") + ".index")


def _mark(file: Path) -> str | None:
    return sha256(file.read_bytes()).hexdigest() if file.exists() else None
