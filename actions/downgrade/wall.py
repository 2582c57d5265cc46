"""The outer wall of a rehearsal: Linux itself takes the network, and other servers' socket files, away from a process.

Run by the service's interpreter (Python 3.8 or newer, nothing of ours), before anything else is imported: a process
with threads may not do this. Where the kernel or the container forbids it, nothing is changed and the answer is False.
It holds back mistakes of any kind of client, C's own included; it is no prison for a program that has root's rights
and means to get out.
"""

# It runs on old interpreters: old spellings are meant.
# ruff: noqa: BLE001, PTH207, UP006, UP035

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import glob
import os
import socket
import struct
import sys
from typing import Dict, Set

NEW_MOUNTS, NEW_USER, NEW_NETWORK = 0x00020000, 0x10000000, 0x40000000
BIND, RECURSIVE, PRIVATE = 0x1000, 0x4000, 0x40000
SET_FLAGS, UP_AND_RUNNING = 0x8914, 0x41
#: A listening socket, in /proc/net/unix.
LISTENS = 0x10000
USUAL_PLACES = ("/var/run/postgresql", "/run/postgresql", "/tmp")  # noqa: S108  that is where servers put them
#: Sockets behind which there is a database, or somebody who starts programs for us.
DOORS = ("/docker.sock", "/podman.sock", "/containerd.sock")


def raise_wall(gate: str, instead_of: str) -> bool:
    """No network but an empty loopback, and no server's socket file; the one of the copy's server leads to the gate.

    Both are empty where the gate is reached otherwise.
    """
    if not sys.platform.startswith("linux"):
        return False
    covers = dict.fromkeys(listening_doors() - {os.path.realpath(gate)}, os.devnull)
    if gate:
        covers[os.path.realpath(instead_of)] = gate
    # A wall that stands halfway cannot be taken down again, so it is tried where that hurts nobody.
    return _works_in_a_child(covers) and _entered(covers)


def listening_doors() -> Set[str]:
    """Socket files of PostgreSQL servers and poolers, as far as this process can know of them."""
    found = set()
    for folder in USUAL_PLACES:
        found.update(glob.glob(folder + "/.s.PGSQL.*"))
    with contextlib.suppress(OSError), open("/proc/net/unix", encoding="utf-8", errors="replace") as listing:  # noqa: PTH123
        for line in listing:
            words = line.split(None, 7)
            if len(words) == 8 and words[3].isalnum() and words[7].startswith("/"):
                path = words[7].rstrip("\n")
                if int(words[3], 16) & LISTENS and ("/.s.PGSQL." in path or path.endswith(DOORS)):
                    found.add(path)
    return {os.path.realpath(path) for path in found if os.path.exists(path) and not path.endswith(".lock")}  # noqa: PTH110


def _works_in_a_child(covers: Dict[str, str]) -> bool:
    child = os.fork()
    if child == 0:
        try:
            os._exit(0 if _entered(covers) else 1)
        finally:
            os._exit(1)
    return os.waitpid(child, 0)[1] == 0


def _entered(covers: Dict[str, str]) -> bool:
    """The loopback comes first: should the rest fail after all, the gate can be reached even so."""
    try:
        kernel = ctypes.CDLL(None, use_errno=True)
        _leave(kernel)
        with contextlib.closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as any_socket:
            fcntl.ioctl(any_socket, SET_FLAGS, struct.pack("16sh22x", b"lo", UP_AND_RUNNING))
        _reach_ourselves()
        _call(kernel.mount, b"none", b"/", None, RECURSIVE | PRIVATE, None)
        for path, by in covers.items():
            # Servers come and go: where there is no socket file any more, nobody listens.
            with contextlib.suppress(FileNotFoundError):
                _call(kernel.mount, os.fsencode(by), os.fsencode(path), None, BIND, None)
    except Exception:
        return False
    return True


def _reach_ourselves() -> None:
    """That the loopback carries a connection, and not only says that it is up."""
    with contextlib.closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as door:
        door.bind(("127.0.0.1", 0))
        door.listen(1)
        socket.create_connection(door.getsockname(), 1).close()


def _leave(kernel: ctypes.CDLL) -> None:
    """Into namespaces of our own; who is not root needs one for users as well, in which they stay who they are."""
    user, group = os.geteuid(), os.getegid()
    if kernel.unshare(NEW_NETWORK | NEW_MOUNTS) == 0:
        return
    _call(kernel.unshare, NEW_USER | NEW_NETWORK | NEW_MOUNTS)
    for file, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
        with open("/proc/self/" + file, "w", encoding="ascii") as setting:  # noqa: PTH123
            setting.write(text)


def _call(function: object, *arguments: object) -> None:
    if function(*arguments) != 0:  # type: ignore[operator]  # because a C function has no type here
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
