"""Where the server listens, and who can reach it there."""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass


@dataclass(frozen=True)
class Listener:
    """A socket that is bound and listens.

    Attributes:
        socket: The socket.
        host: Host as the user named it.
        address: The IP address it is bound to.
        port: The port.
    """

    socket: socket.socket
    host: str
    address: str
    port: int

    @property
    def url(self) -> str:
        """What clients are told."""
        return f"http://[{self.address}]:{self.port}" if ":" in self.address else f"http://{self.address}:{self.port}"

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach it."""
        return ipaddress.ip_address(self.address.partition("%")[0]).is_loopback

    @property
    def hosts(self) -> frozenset[str]:
        """Host headers that mean this server."""
        return frozenset(("localhost", "127.0.0.1", "::1", self.host.lower(), self.address.lower()))


def listen(host: str, port: int) -> Listener:
    """Bind a socket and listen.

    Args:
        host: A name or an IP address.
        port: 0 for any free one.

    Raises:
        OSError: There is no such host, or it cannot be bound to.
    """
    family, _, _, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    bound = socket.create_server((str(place[0]), port), family=family)
    address, actual = bound.getsockname()[:2]
    return Listener(bound, host, address, actual)
