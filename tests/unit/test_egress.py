"""Where scripts may connect to, by every way to write an address."""

import re
from ipaddress import ip_address

import pytest
from pydantic import ValidationError

from matinee.model.egress import NOTHING, Egress, name_servers, read_place, read_places, told, v4
from matinee.settings import RunnerSettings

HERE = "192.0.2.9"  # an address of this machine's, besides loopback


def number(address: str) -> int:
    found = ip_address(address)
    return v4(int(found)) if found.version == 4 else int(found)


def permits(egress: Egress, address: str, port: int = 443) -> bool:
    return egress.permits(number(address), port, lambda candidate: candidate == number(HERE))


def runner(**fields: str) -> Egress:
    return RunnerSettings(**fields).egress(resolv_conf="nameserver 10.0.0.2\n")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "address",
    [
        *("10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1", "169.254.169.254", "169.254.170.2", "100.100.100.200"),
        *("192.0.0.192", "168.63.129.16", "198.18.0.1", "224.0.0.1", "255.255.255.255"),
        *("fd00:ec2::254", "fc00::1", "fe80::1", "ff02::1", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1"),
        *("::169.254.169.254", "::ffff:0:169.254.169.254"),
    ],
)  # fmt: skip
def test_private_and_link_local_addresses_are_refused_in_the_cloud(address: str) -> None:
    """Also where IPv6 has an IPv4 address in it; on a laptop all of them are open, for that is what people test."""
    assert not permits(runner(matinee_egress="public"), address)
    assert permits(runner(matinee_egress="open"), address)


@pytest.mark.parametrize(
    "address",
    [
        "1.1.1.1",
        "9.255.255.255",
        "172.15.0.1",
        "172.32.0.1",
        "2606:4700::1111",
        "127.0.0.1",
        "::1",
        "0.0.0.0",
        "::",
        HERE,
    ],
)
def test_the_internet_and_this_machine_are_open(address: str) -> None:
    """A script may serve its own site to itself."""
    assert permits(runner(matinee_egress="public"), address)


def test_name_servers_are_open_wherever_they_are() -> None:
    """On their port only; the rest of a resolv.conf is passed over."""
    text = (
        "# nameserver 10.0.0.1\nsearch example.com\nnameserver 10.0.0.2\nnameserver fe80::1%eth0\nnameserver nonsense\n"
    )

    assert name_servers(text) == read_places("10.0.0.2:53 [fe80::1]:53")
    assert permits(runner(), "10.0.0.2", 53)
    assert not permits(runner(), "10.0.0.2", 443)


def test_what_is_allowed_is_open_and_nothing_beside_it() -> None:
    """A network, or one port of an address."""
    egress = runner(matinee_egress_allow="10.20.0.0/16, [fd12::/16]:8443")

    assert permits(egress, "10.20.3.4")
    assert permits(egress, "::ffff:10.20.3.4")
    assert permits(egress, "fd12::1", 8443)
    assert not permits(egress, "fd12::1", 443)
    assert not permits(egress, "10.21.0.1")


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.9.9.9",
        "0.0.0.0",
        "::1",
        "::",
        "::ffff:127.0.0.1",
        "::ffff:0.0.0.0",
        HERE,
        f"::ffff:{HERE}",
        "64:ff9b::7f00:1",
    ],
)
def test_own_ports_are_closed_at_every_address_of_this_machine(address: str) -> None:
    """Whatever else is allowed; and no other port is."""
    egress = runner(matinee_egress="open", matinee_egress_own="here:8400", matinee_egress_allow="0.0.0.0/0 ::/0")

    assert not permits(egress, address, 8400)
    assert permits(egress, address, 8401)
    assert permits(egress, "1.2.3.4", 8400)


@pytest.mark.parametrize("api", ["127.0.0.1:9001", "169.254.100.1:9001"])
def test_the_runtime_api_is_closed_wherever_lambda_has_it(api: str) -> None:
    """On loopback, or on an address that is link-local, even where that network is allowed."""
    egress = runner(aws_lambda_runtime_api=api, matinee_egress_allow="169.254.0.0/16")

    assert not permits(egress, api.partition(":")[0], 9001)
    assert not permits(egress, "127.0.0.1", 9001)
    assert permits(egress, "127.0.0.1", 9002)
    assert permits(egress, "169.254.3.4", 9001)


def test_nothing_is_nothing() -> None:
    """What makes reports needs no network."""
    assert not any(permits(NOTHING, address) for address in ("1.1.1.1", "::1", "127.0.0.1", HERE, "2606:4700::1111"))


@pytest.mark.parametrize(
    "word", ["10.0.0.1/8", "10.0.0.0/8:99999", "[::1", "[::1]443", "intranet", "here:", "here", ":80", "1.2.3.4:x"]
)
def test_what_is_no_place_is_refused_by_its_name(word: str) -> None:
    """When a deployment's settings are read, and again where they arrive."""
    with pytest.raises(ValidationError, match=re.escape(word)):
        runner(matinee_egress_allow=word)


def test_places_are_told_as_people_write_them() -> None:
    """In the console of whoever was refused."""
    assert "10.0.0.7:443" == told(number("10.0.0.7"), 443)
    assert "[fd00::7]:80" == told(number("fd00::7"), 80)
    assert read_place("10.0.0.7:443") == read_place("[::ffff:10.0.0.7/128]:443")
