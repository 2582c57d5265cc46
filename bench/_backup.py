"""One backup, as `bench/backup.py` measures it: in a process of its own, so that its memory is its own."""

import os
import sys
from pathlib import Path

from actions.backup.folder_store import FolderStore
from actions.backup.programs import find_programs, programs_for
from actions.backup.taking import TakeOrder, take

if __name__ == "__main__":
    folder, name, server_major, jobs = sys.argv[1:]
    order = TakeOrder(
        service_name="bench",
        name=name,
        url=os.environ["BENCH_URL"],
        programs=programs_for(int(server_major), find_programs(os.environ)),
        store=FolderStore(path=Path(folder)),
        jobs=int(jobs),
    )
    print(take(order).manifest.rows)
