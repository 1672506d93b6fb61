"""The settings of the router: those that both services share, and its own."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from services.contact.decision import Effect
from services.router.agreement import Accept
from services.router.memory import MemorySettings
from services.router.redis_client import check_address, mask_address
from services.runtime.settings import (
    VARIABLES,
    ServiceSettings,
    SettingsError,
    Variable,
    describe_variables,
    read_service_settings,
    read_variables,
)

SERVICE = "router"
DEFAULT_HTTP = "127.0.0.1:8080"
REDIS = "OMNIROUTE_REDIS"
EFFECT = "OMNIROUTE_EFFECT"
MIB = 1024 * 1024

OWN: tuple[Variable, ...] = (
    Variable(
        REDIS,
        "redis://127.0.0.1:6379/0",
        "Redis or Valkey: redis://, rediss://, unix://, redis+sentinel://, redis+cluster://",
    ),
    Variable(
        "OMNIROUTE_RULES",
        "",
        "the rule file, or the directory that `omniroute rules` keeps; empty: the packaged file",
    ),
    Variable(
        EFFECT,
        "live",
        "`none`: observe only, every decision is published with effect none",
        one_of=tuple(one.value for one in Effect),
    ),
    Variable(
        "OMNIROUTE_ACCEPT_OFFSETS",
        "",
        "where the group's offsets and the memory disagree, go on with this one; for one start",
        one_of=("", *(one.value for one in Accept if one.value)),
    ),
    Variable(
        "OMNIROUTE_RECENT",
        "50",
        "decisions that /rules offers to draw again; 0: none is kept for it",
        number=(0, 1_000),
    ),
    Variable(
        "OMNIROUTE_CACHE_CUSTOMERS",
        "20000",
        "most customers that a lane keeps at hand; 0 asks Redis for every one",
        number=(0, 10_000_000),
    ),
    Variable(
        "OMNIROUTE_CACHE_MIB",
        "24",
        "most MiB that they may take, estimated, per lane",
        number=(0, 100_000),
    ),
)
"""The variables that only the router has."""


class RouterSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What the router needs to run."""

    service: ServiceSettings
    redis_url: str
    """May hold a password: for the client only, people get `mask_address`."""
    rules: str
    """A file or a directory; empty: the packaged file."""
    effect: Effect
    accept: Accept
    recent: int
    """Decisions that are kept for the page of the rules."""
    memory: MemorySettings


def read_settings(environment: Mapping[str, str]) -> RouterSettings:
    """The settings in force; raises `SettingsError` with every mistake."""
    mistakes: list[str] = []
    values = {variable.name: variable.default for variable in OWN}
    service: ServiceSettings | None = None
    try:
        values = read_variables(OWN, environment)
        check_address(values[REDIS])
    except SettingsError as wrong:
        mistakes.append(str(wrong))
    except ValueError as wrong:
        mistakes.append(f"{REDIS}: {wrong}")
    try:
        service = read_service_settings(SERVICE, environment, http=DEFAULT_HTTP)
    except SettingsError as wrong:
        mistakes.insert(0, str(wrong))
    if mistakes or service is None:
        raise SettingsError("\n".join(mistakes))
    return RouterSettings(
        service=service,
        redis_url=values[REDIS],
        rules=values["OMNIROUTE_RULES"],
        effect=Effect(values[EFFECT]),
        accept=Accept(values["OMNIROUTE_ACCEPT_OFFSETS"]),
        recent=int(values["OMNIROUTE_RECENT"]),
        memory=MemorySettings(
            cache_entries=int(values["OMNIROUTE_CACHE_CUSTOMERS"]),
            cache_bytes=int(values["OMNIROUTE_CACHE_MIB"]) * MIB,
        ),
    )


def describe_settings(environment: Mapping[str, str]) -> str:
    """`NAME=value` lines as they are in force, secrets masked."""
    read_settings(environment)
    shown = dict(environment)
    if shown.get(REDIS):
        shown[REDIS] = mask_address(shown[REDIS])
    return describe_variables((*VARIABLES, *OWN), shown)
