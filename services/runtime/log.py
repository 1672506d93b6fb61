"""The log: JSON lines on stderr that hold no personal data, by construction.

Three guards, none of which relies on the caller's care:

* only the keys in `ALLOWED` are written; a line that carried others names them in `withheld`;
* a customer is named by `customer_id=...` and appears as `customer`, a keyed hash: equal within a
  deployment (key: OMNIROUTE_LOG_KEY), so that lines can be joined, and useless to anybody else;
* of an exception only its type and the places in the code are written. Its text is kept only for
  errors of the network and of Kafka, for a text like KeyError's is the data that it fell over.

The event of a line is a literal sentence; a test reads the code and refuses anything else.
"""

from __future__ import annotations

import hashlib
import logging
import secrets
import sys
import traceback
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any, BinaryIO, Literal

import msgspec
import orjson
import structlog
from aiokafka.errors import KafkaError

from services.runtime.lane import LaneLost, Stop, Unavailable

ALLOWED = frozenset(
    {
        # the line itself
        "event", "level", "ts", "module", "service", "withheld", "error", "frames",
        # where in Kafka
        "topic", "partition", "partitions", "offset", "offsets", "lane", "lanes", "group",
        "generation", "prefix", "brokers", "lag", "inputs", "sequence", "lineage",
        # how much and how long
        "records", "bytes", "count", "ms", "seconds", "attempt", "limit", "pages", "size",
        # what
        "customer", "code", "why", "state", "phase", "signal", "exit_code", "version",
        "rules_version", "rules_file", "model", "executor", "host", "port", "url", "remedy", "what",
    }
)  # fmt: skip
"""Every key that a log line may have."""

MOST_TEXT = 2_000
MOST_FRAMES = 12
HASH_BYTES = 8
TELLING = (OSError, KafkaError, Stop, LaneLost, Unavailable)
"""Errors whose text is about machines; TimeoutError and ConnectionError are OSErrors."""
FORMATTED_LOGGERS = ("services", "aiokafka", "aiohttp")
"""Loggers whose lines are about brokers and lanes; of all others only the template is kept."""

Event = MutableMapping[str, Any]


class LogSettings(msgspec.Struct, frozen=True):
    """How a service logs."""

    service: str
    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["auto", "json", "text"] = "auto"
    """`auto` is text where stderr is a terminal, else JSON."""
    key: str = ""
    """Secret of the customers' hashes; empty: a new one for every process."""


def configure_log(settings: LogSettings, stream: BinaryIO | None = None) -> None:
    """Send the lines of this process, those of the libraries too, to `stream` (default stderr)."""
    out = stream if stream is not None else sys.stderr.buffer
    as_text = settings.format == "text" or (settings.format == "auto" and out.isatty())
    guards: list[Callable[..., Any]] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="ts"),
        _build_customer_hasher(settings.key),
        describe_error,
        _build_stamper(settings.service),
        withhold_unknown,
        _render_text if as_text else _render_json,
    ]
    level = logging.getLevelNamesMapping()[settings.level.upper()]
    structlog.configure(
        processors=guards,
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.BytesLoggerFactory(out),
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    root.handlers[:] = [_LibraryHandler()]
    root.setLevel(max(level, logging.WARNING))
    logging.getLogger("services").setLevel(level)


def get_log(name: str) -> structlog.typing.FilteringBoundLogger:
    """A module's logger, to be had at import: it follows `configure_log` when that comes.

    `log = get_log(__name__)`, then `log.info("a literal sentence", lane=3, offset=17)`.
    """
    log: structlog.typing.FilteringBoundLogger = structlog.get_logger(module=name)
    return log


class _LibraryHandler(logging.Handler):
    """Takes the lines of the standard library's loggers through the same guards as ours."""

    def emit(self, record: logging.LogRecord) -> None:
        """Pass one line on; what cannot be formatted is passed as its template."""
        text = str(record.msg)
        if record.name.split(".")[0] in FORMATTED_LOGGERS:
            try:
                text = text % _clean_args(record.args) if record.args else text
            except (TypeError, ValueError, KeyError):
                text = str(record.msg)
        log = structlog.get_logger(module=record.name)
        error = record.exc_info[1] if record.exc_info else None
        log.log(record.levelno, clean_text(text), exc_info=error)


def _clean_args(args: object) -> object:
    """The arguments of a line: numbers and words as they are, errors only if they are telling."""
    if isinstance(args, Mapping):
        return {key: _clean_arg(value) for key, value in args.items()}
    return tuple(_clean_arg(value) for value in args) if isinstance(args, tuple) else args


def _clean_arg(value: object) -> object:
    if isinstance(value, BaseException):
        return name_error(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return f"<{len(value)} bytes>"
    return value


def name_error(error: BaseException) -> str:
    """The type of an error, with its text only where that is about machines."""
    name = f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")
    return f"{name}: {error}" if isinstance(error, TELLING) else name


def _build_customer_hasher(secret: str) -> Callable[..., Event]:
    held = secret or secrets.token_hex(32)

    def name_customer(_logger: object, _method: str, event: Event) -> Event:
        customer = event.pop("customer_id", None)
        event.pop("customer", None)
        if customer is not None:
            event["customer"] = hash_customer(str(customer), held)
        return event

    return name_customer


def hash_customer(customer_id: str, secret: str) -> str:
    """The name of a customer in the log of a deployment with this OMNIROUTE_LOG_KEY."""
    key = hashlib.sha256(secret.encode()).digest()
    data = customer_id.encode("utf-8", "replace")
    return hashlib.blake2b(data, digest_size=HASH_BYTES, key=key).hexdigest()


def _build_stamper(service: str) -> Callable[..., Event]:
    def stamp(_logger: object, _method: str, event: Event) -> Event:
        event["service"] = service
        return event

    return stamp


def describe_error(_logger: object, _method: str, event: Event) -> Event:
    """Replace `exc_info` by the error's type (and text, if it is telling) and its code places."""
    found = event.pop("exc_info", None)
    if found is True:
        found = sys.exc_info()[1]
    if isinstance(found, tuple):
        found = found[1]
    if not isinstance(found, BaseException):
        return event
    event["error"] = name_error(found)
    frames = traceback.extract_tb(found.__traceback__)[-MOST_FRAMES:]
    event["frames"] = [f"{_shorten_path(f.filename)}:{f.lineno} {f.name}" for f in frames]
    return event


def _shorten_path(path: str) -> str:
    """`.../site-packages/aiokafka/client.py` is `aiokafka/client.py`; no machine's folders."""
    for mark in ("/site-packages/", "/services/", "/lib/"):
        if mark in path:
            keep = "services/" if mark == "/services/" else ""
            return keep + path.rpartition(mark)[2]
    return path.rpartition("/")[2]


def withhold_unknown(_logger: object, _method: str, event: Event) -> Event:
    """Drop every key that is not allowed, and clean every text that is."""
    kept = {key: _clean_value(value) for key, value in event.items() if key in ALLOWED}
    withheld = sorted(key for key in event if key not in ALLOWED)
    if withheld:
        kept["withheld"] = withheld
    return kept


def _clean_value(value: object) -> object:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, dict):
        return {clean_text(str(k)): _clean_value(v) for k, v in list(value.items())[:MOST_TEXT]}
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean_value(item) for item in list(value)[:MOST_TEXT]]
    return f"<{type(value).__name__}>"


def clean_text(text: str) -> str:
    """At most 2,000 characters, with what could forge a line or turn the writing round escaped."""
    cut = text if len(text) <= MOST_TEXT else text[:MOST_TEXT] + "…"
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in cut)


def _render_json(_logger: object, _method: str, event: Event) -> bytes:
    first = {key: event[key] for key in ("ts", "level", "service", "event") if key in event}
    return orjson.dumps({**first, **event}, default=str, option=orjson.OPT_NON_STR_KEYS)


def _render_text(_logger: object, _method: str, event: Event) -> bytes:
    line = dict(event)
    clock = str(line.pop("ts", ""))[11:23]
    head = f"{clock} {line.pop('level', ''):7} {line.pop('event', '')}"
    line.pop("service", None)
    frames = line.pop("frames", [])
    line.pop("module", None)
    tail = " ".join(f"{key}={value}" for key, value in line.items())
    places = "".join(f"\n        {frame}" for frame in frames)
    return f"{head}  {tail}{places}".rstrip().encode()
