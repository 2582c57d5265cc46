"""The application's search."""

import socket


def tell_search_engine(word):
    """The application's own way to say it; nobody listens on this port."""
    try:
        with socket.create_connection(("127.0.0.1", 9), timeout=1) as connection:
            connection.sendall(word.encode())
    except OSError:
        pass
