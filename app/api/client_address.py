"""The address that a request comes from; it is asked for a country and forgotten."""

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network, IPv6Network
from socket import AF_INET, AF_INET6, inet_pton

from app.api.request import Request

Network = IPv4Network | IPv6Network

# Of X-Forwarded-For so much is read, from its end: ten proxies and more have room.
_LONGEST = 1_024
# Where version 6 has the addresses of version 4; a socket for both shows them so.
_VERSION_4 = 0xFFFF << 32


class Proxies:
    """The networks whose `X-Forwarded-For` is believed."""

    def __init__(self, networks: Iterable[Network] = ()) -> None:
        self._ranges = [_range_of(network) for network in networks]

    def client_of(self, request: Request) -> str | None:
        """Find who asks: the peer or, where that is one of these, whom it says it asks for.

        Clients can write into the header what they like, but proxies add to its end: of what it lists the
        right-most that is none of these counts, which need not be an address. None where there is nobody.
        """
        peer = request.peer
        if peer is None or not self._believe(peer):
            return peer
        return next((hop for hop in _hops(request) if not self._believe(hop)), None)

    def _believe(self, address: str) -> bool:
        if not self._ranges:
            return False
        number = _number_of(address)
        return any(first <= number <= last for first, last in self._ranges)


def _range_of(network: Network) -> tuple[int, int]:
    offset = _VERSION_4 if isinstance(network, IPv4Network) else 0
    return offset + int(network.network_address), offset + int(network.broadcast_address)


def _number_of(address: str) -> int:
    """Number an address as version 6 does; -1 where it is none."""
    try:
        if ":" in address:
            return int.from_bytes(inet_pton(AF_INET6, address))
        return _VERSION_4 + int.from_bytes(inet_pton(AF_INET, address))
    except (OSError, ValueError):
        return -1


def _hops(request: Request) -> Iterator[str]:
    """List the addresses from the last one on. Proxies may add a header of their own, and ports."""
    forwarded = b",".join(request.values(b"x-forwarded-for"))[-_LONGEST:].decode("latin-1")
    for hop in reversed(forwarded.split(",")):
        host = hop.strip()
        if host.startswith("["):
            yield host[1:].partition("]")[0]
        else:
            yield host.partition(":")[0] if host.count(":") == 1 else host
