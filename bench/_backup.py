"""One backup, as `bench/backup.py` measures it: in a process of its own, so that its memory is its own."""

import os
import sys
from pathlib import Path

from actions.backup.folder_store import FolderStore
from actions.backup.programs import find_programs, programs_for
from actions.backup.taking import TakeOrder, take
from actions.restore.proving import ProofOrder, prove
from actions.restore.proving_places import ProofPlaces

if __name__ == "__main__":
    folder, name, server_major, jobs, *prove_it = sys.argv[1:]
    found = find_programs(os.environ)
    order = TakeOrder(
        service_name="bench",
        name=name,
        url=os.environ["BENCH_URL"],
        programs=programs_for(int(server_major), found),
        store=FolderStore(path=Path(folder)),
        jobs=int(jobs),
    )
    manifest = take(order).manifest
    if prove_it:
        places = ProofPlaces(admin_url=order.url, folder=Path(folder) / "workshops", found=found)
        proof = prove(ProofOrder(manifest=manifest, store=order.store, places=places, jobs=int(jobs)))
        if not proof.is_proven:
            sys.exit("; ".join(proof.faults))
    print(manifest.rows)
