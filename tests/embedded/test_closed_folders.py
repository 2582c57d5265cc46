import logging
import os
from pathlib import Path

import pytest

from actions.embedded.binaries import let_pass

NOBODY = 65534


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's server runs as somebody else")
def test_a_folder_that_is_opened_for_the_servers_user_is_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    closed = tmp_path / "closed"
    (closed / "inside").mkdir(parents=True)
    closed.chmod(0o700)
    # What lies above is pytest's, and closed as well.
    modes = {above: above.stat().st_mode for above in closed.parents}
    try:
        with caplog.at_level(logging.WARNING):
            let_pass(closed / "inside", uid=NOBODY, gid=NOBODY)
    finally:
        for above, mode in modes.items():
            above.chmod(mode & 0o7777)
    assert closed.stat().st_mode & 0o777 == 0o701
    assert any(f"{closed} (mode 701, was 700)" in line for line in caplog.messages)
    caplog.clear()
    let_pass(Path("/tmp"), uid=NOBODY, gid=NOBODY)
    assert caplog.messages == []
