"""Laws of the services' settings: sane without any, all mistakes at once, no secret shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.runtime.settings import (
    VARIABLES,
    SettingsError,
    describe_variables,
    read_service_settings,
)


def test_without_any_variable_a_service_runs_on_this_machine() -> None:
    """Law: every setting has a default that works beside a local Kafka."""
    settings = read_service_settings("sentiment", {}, http="127.0.0.1:8081")
    assert settings.access.brokers == "127.0.0.1:9092"
    assert settings.lanes.group == "omniroute-sentiment"
    assert (settings.http_host, settings.http_port) == ("127.0.0.1", 8081)
    assert (settings.ours, settings.log.level) == ((), "info")


def test_every_mistake_is_named_at_once() -> None:
    """Law: who made three mistakes reads three lines, not one after the other."""
    wrong = {
        "OMNIROUTE_LANES": "none",
        "OMNIROUTE_KAFKA_SECURITY": "TLS",
        "OMNIROUTE_PREFIX": "a/b",
    }
    with pytest.raises(SettingsError) as found:
        read_service_settings("router", wrong, http="127.0.0.1:0")
    lines = str(found.value).splitlines()
    assert [line.partition(":")[0] for line in lines] == sorted(
        wrong, key=[v.name for v in VARIABLES].index
    )


@pytest.mark.parametrize("address", ["8080", "host:", ":80", "host:65536", "host:x"])
def test_an_address_must_have_host_and_port(address: str) -> None:
    """Law: a half address is refused, never guessed."""
    with pytest.raises(SettingsError, match="OMNIROUTE_HTTP"):
        read_service_settings("router", {"OMNIROUTE_HTTP": address}, http="127.0.0.1:0")


def test_an_ipv6_address_is_understood() -> None:
    """Law: brackets belong to the notation, not to the host."""
    settings = read_service_settings("router", {"OMNIROUTE_HTTP": "[::1]:80"}, http="")
    assert (settings.http_host, settings.http_port) == ("::1", 80)


def test_a_secret_may_come_as_a_file_and_is_never_shown(tmp_path: Path) -> None:
    """Law: secrets come from files too, and their values appear in no listing."""
    file = tmp_path / "password"
    file.write_text("s3cret\n", "utf-8")
    given = {"OMNIROUTE_KAFKA_PASSWORD_FILE": str(file), "OMNIROUTE_LOG_KEY": "k3y"}
    settings = read_service_settings("router", given, http="127.0.0.1:0")
    assert (settings.access.password, settings.log.key) == ("s3cret", "k3y")
    shown = describe_variables(VARIABLES, given)
    assert "OMNIROUTE_KAFKA_PASSWORD=****" in shown
    assert "s3cret" not in shown
    assert "k3y" not in shown


def test_a_secret_file_that_is_not_there_is_a_mistake() -> None:
    """Law: a missing secret never becomes an empty one."""
    with pytest.raises(SettingsError, match="OMNIROUTE_KAFKA_PASSWORD: "):
        read_service_settings(
            "router", {"OMNIROUTE_KAFKA_PASSWORD_FILE": "/nowhere/at/all"}, http="127.0.0.1:0"
        )


def test_our_own_addresses_are_lower_case_and_trimmed() -> None:
    """Law: they are compared with addresses as events carry them."""
    given = {"OMNIROUTE_OURS": "Help@Example.com, example.org ,"}
    settings = read_service_settings("router", given, http="127.0.0.1:0")
    assert settings.ours == ("help@example.com", "example.org")
