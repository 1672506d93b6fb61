"""The settings of the sentiment service: those that both services share, and its own address."""

from __future__ import annotations

from collections.abc import Mapping

from services.runtime.settings import ServiceSettings, read_service_settings

SERVICE = "sentiment"
DEFAULT_HTTP = "127.0.0.1:8081"
"""The router's pages are one port below."""


def read_settings(environment: Mapping[str, str]) -> ServiceSettings:
    """The settings in force; raises `SettingsError` with every mistake."""
    return read_service_settings(SERVICE, environment, http=DEFAULT_HTTP)
