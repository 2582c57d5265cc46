"""The gate's way to the server: with TLS where the URL or the server wants it. Standard library only."""

# It runs on old interpreters: old spellings are meant.
# ruff: noqa: PTH111, PTH113, UP006, UP032, UP035

from __future__ import annotations

import os
import socket
import ssl
import struct
from typing import Any, Dict
from urllib.parse import parse_qsl, urlsplit

Json = Dict[str, Any]

TLS_WANTED = 80877103
CONNECT_SECONDS = 10


def target_of(url: str, given: Json) -> Json:
    """Where the server is and how one talks to it, from the URL as it was given."""
    asked = dict(parse_qsl(urlsplit(url).query))
    variables = {name: os.environ.get("PG" + name.upper()) for name in ("sslmode", "sslrootcert", "sslcert", "sslkey")}
    kept = {"sslrootcert": "root.crt", "sslcert": "postgresql.crt", "sslkey": "postgresql.key"}
    usual = {name: os.path.expanduser("~/.postgresql/" + file) for name, file in kept.items()}
    if not os.path.isfile(usual["sslcert"]):
        del usual["sslcert"], usual["sslkey"]
    return {**usual, **{name: value for name, value in variables.items() if value}, **asked, **given}


def receive(connection: socket.socket, count: int) -> bytes:
    found = b""
    while len(found) < count:
        chunk = connection.recv(count - len(found))
        if not chunk:
            raise ConnectionResetError
        found += chunk
    return found


class NoTlsError(OSError):
    """Not as the URL wants it; the text holds no secret."""


def why_not(error: OSError) -> str:
    """In words for people: never an address, never a secret."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return "its certificate is not trusted: {}".format(error.verify_message)
    if isinstance(error, NoTlsError):
        return str(error)
    return "TLS with it fails" if isinstance(error, ssl.SSLError) else "it does not answer"


def reach(target: Json) -> socket.socket:
    """A connection to the server; with TLS where the URL or the server wants it."""
    if target["host"].startswith("/"):
        plain = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        plain.connect("{}/.s.PGSQL.{}".format(target["host"].rstrip("/"), target["port"]))
        return plain
    plain = socket.create_connection((target.get("hostaddr") or target["host"], target["port"]), CONNECT_SECONDS)
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    mode = target.get("sslmode") or target.get("ssl") or "prefer"
    if mode == "disable":
        return plain
    # `allow` wants TLS only from a server that insists; one that has it always takes it as well.
    plain.sendall(struct.pack("!ii", 8, TLS_WANTED))
    if receive(plain, 1) == b"S":
        return trusted(target, mode).wrap_socket(plain, server_hostname=target["host"])
    if mode not in ("prefer", "allow"):
        plain.close()
        raise NoTlsError("it has no TLS, and the URL wants it")
    return plain


def trusted(target: Json, mode: str) -> ssl.SSLContext:
    """As libpq understands `sslmode`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    root = target["sslrootcert"]
    verifies = mode.startswith("verify-") or root == "system" or (mode in ("require", "true") and os.path.isfile(root))
    context.check_hostname = mode == "verify-full" or root == "system"
    context.verify_mode = ssl.CERT_REQUIRED if verifies else ssl.CERT_NONE
    if root == "system":
        context.load_default_certs()
    elif verifies and not os.path.isfile(root):
        raise NoTlsError("the root certificate that the URL names is not there")
    elif verifies:
        context.load_verify_locations(root)
    if target.get("sslcert"):
        context.load_cert_chain(target["sslcert"], target.get("sslkey"), target.get("sslpassword"))
    return context
