"""Where webhooks may lead: out into the world, and not behind our own door."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TypeAlias

import httpx
import msgspec

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network

# A gateway on the way turns these into the IPv4 address in their last 32 bits.
_NAT64 = ip_network("64:ff9b::/96")
_LOW_32 = 2**32 - 1
# Private once, and in some networks still.
_SITE_LOCAL = ip_network("fec0::/10")
_LAST_PORT = 65_535


class Reach(msgspec.Struct, frozen=True):
    """Which addresses may be reached: all public ones, and those in networks that the operator names."""

    networks: tuple[Network, ...] = ()

    def allows(self, address: Address) -> bool:
        """Whether anything may be sent to an address."""
        meant = _meant(address)
        # Between address families the answer is False.
        return any(meant in network for network in self.networks) or _is_public(meant)

    def wrong_with(self, url: str) -> str | None:
        """Say why nothing could be sent to a URL, as far as it says so itself; names are not resolved."""
        try:
            parsed = httpx.URL(url)
            address = address_in(parsed.host)
        except (httpx.InvalidURL, ValueError):
            return "must be a URL, like https://shop.example/hooks"
        if parsed.scheme not in {"https", "http"} or not parsed.host or (parsed.port or 0) > _LAST_PORT:
            return "must be a URL, like https://shop.example/hooks"
        if parsed.userinfo or parsed.fragment:
            return "must have neither a user nor a fragment"
        if parsed.scheme == "http" and not (parsed.host == "localhost" or (address and address.is_loopback)):
            return "must begin with https://; http:// is for this machine alone, as http://127.0.0.1:9000"
        if address is not None and not self.allows(address):
            return "is a private address, and SIGNPOST_WEBHOOK_NETWORKS does not name its network"
        return None


def address_in(host: str) -> Address | None:
    """Read a host that is an address; None where it is a name."""
    try:
        return ip_address(host)
    except ValueError:
        return None


def _is_public(address: Address) -> bool:
    # What is reserved leads to IPv4 addresses too: as ::127.0.0.1, or by a gateway's own prefix.
    inward = address.is_multicast or address.is_reserved or address in _SITE_LOCAL
    return address.is_global and not inward


def _meant(address: Address) -> Address:
    """Unwrap the IPv4 address that an IPv6 address stands for, by whichever of the ways there are."""
    if isinstance(address, IPv6Address):
        if address in _NAT64:
            return IPv4Address(int(address) & _LOW_32)
        return address.ipv4_mapped or address.sixtofour or address
    return address
