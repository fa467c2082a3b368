"""Small MaxMind files, since none may come along."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mmdb_writer import MMDBWriter
from netaddr import IPSet  # type: ignore[import-untyped]  # netaddr ships no types

BRITISH, GERMAN = "81.2.69.142", "2001:db8:de::1"


def write_records(path: Path, records: Mapping[str, Any], ip_version: int = 6) -> Path:
    """Write a MaxMind file that has a record for each network."""
    writer = MMDBWriter(ip_version, "GeoLite2-Country", ipv4_compatible=ip_version == 6)
    for network, record in records.items():
        writer.insert_network(IPSet([network]), record)
    writer.to_db_file(str(path))
    return path


def write_countries(path: Path) -> Path:
    """Write a file in which the addresses above are in their countries."""
    countries = {"81.2.69.0/24": "GB", "2001:db8:de::/48": "DE"}
    return write_records(
        path, {network: {"country": {"iso_code": code}} for network, code in countries.items()}
    )
