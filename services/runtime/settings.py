"""The settings that both services share: read from the environment, all mistakes at once.

The environment says where things are and how much; the rule file says what is decided. Every
variable stands in `VARIABLES` once; `docs/operations.md` lists them and a test keeps it complete.
A secret may come as a file: `OMNIROUTE_X_FILE=/run/secrets/x` is read where `OMNIROUTE_X` is empty.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from services.runtime.connection import KafkaAccess
from services.runtime.lane_settings import LaneSettings
from services.runtime.log import LogSettings

MASK = "****"
_PROTOCOLS = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
_MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")
_COMPRESSIONS = ("", "gzip")
_PREFIX = re.compile(r"[a-zA-Z0-9._-]{0,100}")
"""What Kafka allows in the name of a topic."""


class Variable(msgspec.Struct, frozen=True):
    """One environment variable: its name, its default, and what it means, with unit and range."""

    name: str
    default: str
    meaning: str
    one_of: Sequence[str] = ()
    number: tuple[int, int] | None = None
    """Least and greatest whole number."""
    secret: bool = False


VARIABLES: tuple[Variable, ...] = (
    Variable("OMNIROUTE_KAFKA", "127.0.0.1:9092", "bootstrap brokers, host:port, comma separated"),
    Variable("OMNIROUTE_KAFKA_SECURITY", "PLAINTEXT", "how to connect", one_of=_PROTOCOLS),
    Variable("OMNIROUTE_KAFKA_MECHANISM", "SCRAM-SHA-512", "how to log in", one_of=_MECHANISMS),
    Variable("OMNIROUTE_KAFKA_USERNAME", "", "user of the login"),
    Variable("OMNIROUTE_KAFKA_PASSWORD", "", "password of the login", secret=True),
    Variable("OMNIROUTE_KAFKA_CA", "", "PEM file of the authority; empty: the system's"),
    Variable("OMNIROUTE_KAFKA_CERT", "", "PEM file of our certificate, for mutual TLS"),
    Variable("OMNIROUTE_KAFKA_KEY", "", "PEM file of our certificate's key"),
    Variable(
        "OMNIROUTE_KAFKA_COMPRESSION", "", "of what we write; empty: none", one_of=_COMPRESSIONS
    ),
    Variable("OMNIROUTE_PREFIX", "", "before every topic, group and transactional id"),
    Variable(
        "OMNIROUTE_LANES",
        "4",
        "lanes over all workers, the most workers that can share the load; fixed with the topics",
        number=(1, 10_000),
    ),
    Variable(
        "OMNIROUTE_BATCH_RECORDS", "500", "most records in a transaction", number=(1, 100_000)
    ),
    Variable(
        "OMNIROUTE_STUCK_AFTER",
        "60",
        "seconds that a lane with records waiting may stand still before the process ends",
        number=(5, 3_600),
    ),
    Variable(
        "OMNIROUTE_SESSION_TIMEOUT",
        "10",
        "seconds without a sign of life after which the group gives our lanes away",
        number=(6, 300),
    ),
    Variable(
        "OMNIROUTE_BRAKE_ROW",
        "100",
        "dead letters in a row at which a lane stops until an operator lets go; 0: never",
        number=(0, 1_000_000),
    ),
    Variable(
        "OMNIROUTE_BRAKE_RECENT",
        "500",
        "dead letters among the last 1,000 records of a lane at which it stops; 0: never",
        number=(0, 1_000),
    ),
    Variable(
        "OMNIROUTE_ISOLATE_AFTER",
        "3",
        "deaths of the process at one record after which this becomes a dead letter; 0: never",
        number=(0, 100),
    ),
    Variable(
        "OMNIROUTE_OURS",
        "",
        "our own e-mail addresses and domains, comma separated, for the sentiment service; the"
        " router takes `ours` of the rule file",
    ),
    Variable(
        "OMNIROUTE_HTTP",
        "",
        "host:port of the pages; empty: 127.0.0.1 with port 8080 (router) or 8081 (sentiment); port 0"
        " takes a free one",
    ),
    Variable(
        "OMNIROUTE_LOG_LEVEL",
        "info",
        "least level that is logged",
        one_of=("debug", "info", "warning", "error"),
    ),
    Variable(
        "OMNIROUTE_LOG_FORMAT",
        "auto",
        "auto: text on a terminal, else JSON",
        one_of=("auto", "json", "text"),
    ),
    Variable(
        "OMNIROUTE_LOG_KEY",
        "",
        "key of the hashes that stand for customers; empty: a new one each start",
        secret=True,
    ),
)


class SettingsError(Exception):
    """At least one setting is wrong; one line each."""


class ServiceSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What both services need to run."""

    access: KafkaAccess
    lanes: LaneSettings
    log: LogSettings
    http_host: str
    http_port: int
    ours: tuple[str, ...]


def read_service_settings(
    service: str, environment: Mapping[str, str], *, http: str
) -> ServiceSettings:
    """The settings of `service` (router or sentiment); `http` is its default for OMNIROUTE_HTTP.

    Raises `SettingsError` that lists every mistake, without the value of a secret.
    """
    values = read_variables(VARIABLES, environment)
    host, port = _read_address(values["OMNIROUTE_HTTP"] or http)
    ours = values["OMNIROUTE_OURS"].lower().split(",")
    return ServiceSettings(
        access=_build_access(service, values),
        lanes=LaneSettings(
            service=service,
            prefix=values["OMNIROUTE_PREFIX"],
            lanes=int(values["OMNIROUTE_LANES"]),
            batch_records=int(values["OMNIROUTE_BATCH_RECORDS"]),
            stuck_after=float(values["OMNIROUTE_STUCK_AFTER"]),
            session_timeout=float(values["OMNIROUTE_SESSION_TIMEOUT"]),
            brake_row=int(values["OMNIROUTE_BRAKE_ROW"]),
            brake_recent=int(values["OMNIROUTE_BRAKE_RECENT"]),
            isolate_after=int(values["OMNIROUTE_ISOLATE_AFTER"]),
        ),
        log=msgspec.convert(
            {
                "service": service,
                "level": values["OMNIROUTE_LOG_LEVEL"],
                "format": values["OMNIROUTE_LOG_FORMAT"],
                "key": values["OMNIROUTE_LOG_KEY"],
            },
            LogSettings,
        ),
        http_host=host,
        http_port=port,
        ours=tuple(address.strip() for address in ours if address.strip()),
    )


def read_access(environment: Mapping[str, str], client: str) -> KafkaAccess:
    """How to connect to Kafka, for commands; raises `SettingsError`."""
    return _build_access(client, read_variables(VARIABLES, environment))


def _build_access(service: str, values: Mapping[str, str]) -> KafkaAccess:
    return KafkaAccess(
        brokers=values["OMNIROUTE_KAFKA"],
        client_id=f"omniroute-{service}",
        security_protocol=values["OMNIROUTE_KAFKA_SECURITY"],
        sasl_mechanism=values["OMNIROUTE_KAFKA_MECHANISM"],
        username=values["OMNIROUTE_KAFKA_USERNAME"],
        password=values["OMNIROUTE_KAFKA_PASSWORD"],
        ca_file=values["OMNIROUTE_KAFKA_CA"],
        cert_file=values["OMNIROUTE_KAFKA_CERT"],
        key_file=values["OMNIROUTE_KAFKA_KEY"],
        compression=values["OMNIROUTE_KAFKA_COMPRESSION"],
    )


def read_variables(variables: Sequence[Variable], environment: Mapping[str, str]) -> dict[str, str]:
    """The value of each variable, checked; an empty one counts as absent.

    Raises `SettingsError` that lists every mistake.
    """
    values: dict[str, str] = {}
    mistakes: list[str] = []
    for variable in variables:
        try:
            values[variable.name] = _read_value(variable, environment)
        except (ValueError, OSError) as mistake:
            mistakes.append(f"{variable.name}: {mistake}")
    if mistakes:
        raise SettingsError("\n".join(mistakes))
    return values


def read_prefix(text: str) -> str:
    """A deployment's prefix; raises `ValueError` where no topic's name may begin with it."""
    if _PREFIX.fullmatch(text) is None:
        raise ValueError(f"{text!r} cannot begin a topic name: use letters, digits, '.', '_', '-'")
    return text


def _read_value(variable: Variable, environment: Mapping[str, str]) -> str:
    value = environment.get(variable.name, "")
    if variable.secret and not value and (file := environment.get(f"{variable.name}_FILE")):
        value = Path(file).read_text("utf-8").strip()
    value = value or variable.default
    if variable.one_of and value not in variable.one_of:
        allowed = ", ".join(word or "empty" for word in variable.one_of)
        raise ValueError(f"{_show(variable, value)!r} is none of: {allowed}")
    if variable.name == "OMNIROUTE_PREFIX":
        return read_prefix(value)
    if variable.number is not None:
        _check_number(value, variable.number)
    return value


def _check_number(value: str, allowed: tuple[int, int]) -> None:
    least, greatest = allowed
    if not (value.isascii() and value.isdigit() and least <= int(value) <= greatest):
        raise ValueError(f"{value!r} is not a whole number from {least} to {greatest}")


def _read_address(value: str) -> tuple[str, int]:
    host, colon, port = value.rpartition(":")
    greatest = 65_535
    if not (colon and host and port.isascii() and port.isdigit() and int(port) <= greatest):
        raise SettingsError(f"OMNIROUTE_HTTP: {value!r} is not host:port, such as 127.0.0.1:8080")
    return host.strip("[]"), int(port)


def _show(variable: Variable, value: str) -> str:
    return MASK if variable.secret and value else value


def describe_variables(variables: Sequence[Variable], environment: Mapping[str, str]) -> str:
    """`NAME=value` lines as they are in force, secrets masked; for `--print-settings`."""
    values = read_variables(variables, environment)
    return "\n".join(f"{v.name}={_show(v, values[v.name])}" for v in variables)
