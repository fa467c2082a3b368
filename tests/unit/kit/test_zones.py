import pytest

from app.kit.zones import zone_of


@pytest.mark.parametrize("name", ["Europe/London", "America/Argentina/Buenos_Aires", "UTC", "GB"])
def test_a_zone_is_found_by_its_name(name: str) -> None:
    assert str(zone_of(name)) == name


@pytest.mark.parametrize("name", ["", "Mars/Olympus", "Europe", "../etc/passwd", "a\x00"])
def test_what_is_no_zone_is_not_found(name: str) -> None:
    assert zone_of(name) is None


@pytest.mark.parametrize(
    "name", ["localtime", "posixrules", "Factory", "right/Europe/London", "posix/UTC", "right/a\nb"]
)
def test_what_is_another_zone_on_another_machine_is_not_found(name: str) -> None:
    assert zone_of(name) is None
