"""Where the server listens."""

from __future__ import annotations

import socket

import pytest

from http_api.address import Listener, listen


@pytest.mark.parametrize(
    ("host", "address", "url", "loopback"),
    [
        ("127.0.0.1", "127.0.0.1", "http://127.0.0.1:80", True),
        ("localhost", "::1", "http://[::1]:80", True),
        ("Box", "10.0.0.7", "http://10.0.0.7:80", False),
        ("", "0.0.0.0", "http://0.0.0.0:80", False),
        ("::", "::", "http://[::]:80", False),
        ("fe80::1%eth0", "fe80::1%eth0", "http://[fe80::1%eth0]:80", False),
    ],
)
def test_listener(host: str, address: str, url: str, loopback: bool) -> None:
    """Whether others can reach a socket depends on the address, not on how it was named."""
    with socket.socket() as unbound:
        listener = Listener(unbound, host, address, 80)
        assert (listener.url, listener.loopback) == (url, loopback)
        assert {"localhost", host.lower(), address} <= listener.hosts


def test_any_free_port() -> None:
    """Port 0 is replaced by the one that was free."""
    listener = listen("127.0.0.1", 0)
    with listener.socket:
        assert listener.port > 0
        with pytest.raises(OSError):
            listen("127.0.0.1", listener.port)
