"""The envelope of a record: CloudEvents 1.0 in the Kafka binding, binary and structured.

Binary: the attributes are headers `ce_*`, `content-type` names the form of the value. Structured:
`content-type` begins with `application/cloudevents`, everything is in the value. A record with no
`ce_*` header is plain: its value alone is the event.
"""

from __future__ import annotations

from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Mapping, Sequence
from enum import Enum
from functools import lru_cache

import msgspec

from services.contact.limits import MAX_HEADER, MAX_HEADERS
from services.contact.reject import Reject, RejectCode
from services.contact.topics import (
    CE_ID,
    CE_SOURCE,
    CE_SPECVERSION,
    CE_TIME,
    CE_TYPE,
    CONTENT_TYPE,
    JSON_TYPE,
    PROTOBUF_TYPE,
    STRUCTURED_PREFIX,
)

VERSION = "1.0"
"""The CloudEvents version that is read and written."""
STRUCTURED_JSON_TYPE = "application/cloudevents+json"
_PROTOBUF_TYPES = frozenset({PROTOBUF_TYPE, "application/x-protobuf"})
_READ = {name: name for name in (CE_SPECVERSION, CE_ID, CE_SOURCE, CE_TYPE, CE_TIME, CONTENT_TYPE)}
_OTHER_CONTENT_TYPE = "Content-Type"
# Kafka's header names are case-sensitive; HTTP's are not, and bridges copy them as they were.
_READ[_OTHER_CONTENT_TYPE] = CONTENT_TYPE
_SMALL = MAX_HEADER // 2
"""Names and values up to here cannot be too large together."""
_NAMES = (CE_ID, CE_SOURCE, CE_TYPE)
_NOTHING = (b"", b"", b"")
_NEEDED = ("specversion", "id", "source", "type")


class Form(Enum):
    """How the value of a record is written."""

    JSON = "json"
    PROTOBUF = "protobuf"
    STRUCTURED_JSON = "structured json"


class Envelope(msgspec.Struct, frozen=True, gc=False):
    """What the headers, or the outer object, say of the event. Empty: nothing."""

    form: Form = Form.JSON
    id: str = ""
    source: str = ""
    type: str = ""
    time: str = ""


PLAIN = Envelope()
"""No envelope at all: the value is JSON."""


class Opened(msgspec.Struct, frozen=True, gc=False):
    """A structured CloudEvent, taken apart: JSON data as a tree, or bytes in the named form."""

    envelope: Envelope
    data: object


def read_headers(headers: Sequence[tuple[str, bytes]]) -> Envelope | Reject:
    """The envelope that the headers form. A header may have no value; that is an empty one."""
    try:
        # Most records: few headers, no name twice, each with a value.
        found = dict(headers)
        if (
            len(found) == len(headers) <= MAX_HEADERS
            and max(map(len, found.values())) <= _SMALL
            and max(map(len, found)) <= _SMALL
            and _OTHER_CONTENT_TYPE not in found
        ):
            return _envelope_of(found)
    except TypeError:  # a header without a value has no length
        pass
    return _read_headers_exactly(headers)


def _read_headers_exactly(headers: Sequence[tuple[str, bytes]]) -> Envelope | Reject:
    if len(headers) > MAX_HEADERS:
        return Reject(
            RejectCode.TOO_MANY_HEADERS, f"{len(headers)} headers; at most {MAX_HEADERS} may stand"
        )
    found: dict[str, bytes] = {}
    for name, raw in headers:
        if len(name) + len(raw or b"") > MAX_HEADER:
            return Reject(
                RejectCode.HEADER_TOO_LARGE,
                f"a header has more than {MAX_HEADER} bytes with its name",
            )
        known = _READ.get(name)
        if known is not None:
            if known in found:
                return Reject(RejectCode.HEADER_DUPLICATE, f"the header {known} stands twice")
            found[known] = raw or b""
    return _envelope_of(found)


def _envelope_of(found: Mapping[str, bytes]) -> Envelope | Reject:
    """The envelope in headers that each stand once; those that mean nothing here are ignored."""
    version, raw_time = found.get(CE_SPECVERSION, b""), found.get(CE_TIME, b"")
    raw_id, raw_source, raw_type = map(found.get, _NAMES, _NOTHING)
    try:
        form = form_of(found.get(CONTENT_TYPE, b"").decode())
        words = (raw_id.decode(), raw_source.decode(), raw_type.decode(), raw_time.decode())
    except UnicodeDecodeError:
        names = [n for n in _READ if n in found and not _is_utf8(found[n])]
        return Reject(RejectCode.HEADER_NOT_UTF8, f"the header {names[0]} is not UTF-8")
    if form is None:
        return _unknown_content("the header content-type", structured=True)
    given = (version, *words)
    if form is Form.STRUCTURED_JSON or not any(given):
        return Envelope(form)
    if not all(given[:-1]):
        missing = [name for name in (CE_SPECVERSION, *_NAMES) if not found.get(name)]
        return _incomplete("the headers", missing)
    known = version == VERSION.encode()
    return Envelope(form, *words) if known else _unknown_version("the header ce_specversion")


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


@lru_cache(maxsize=64)
def form_of(content_type: str) -> Form | None:
    """The form that a content type names; None for one that is not read. Empty means JSON."""
    name, _, rest = content_type.strip().lower().partition(";")
    name = name.strip() or JSON_TYPE
    charset = rest.replace(" ", "").replace('"', "").partition("charset=")[2].partition(";")[0]
    if charset not in {"", "utf-8", "utf8", "us-ascii"}:
        return None
    if name.startswith(STRUCTURED_PREFIX):
        return Form.STRUCTURED_JSON if name == STRUCTURED_JSON_TYPE else None
    if name in _PROTOBUF_TYPES:
        return Form.PROTOBUF
    return Form.JSON if name == JSON_TYPE or name.endswith("+json") else None


def open_structured(outer: Mapping[str, object]) -> Opened | Reject:
    """Take a structured CloudEvent apart; `outer` is the object in the value of the record."""
    words: dict[str, str] = {}
    for name in (*_NEEDED, "time", "datacontenttype"):
        word = outer.get(name)
        if word is None:
            continue
        if not isinstance(word, str):
            return Reject(RejectCode.WRONG_TYPE, f"{name} of the CloudEvent: expected a string")
        words[name] = word
    missing = [name for name in _NEEDED if not words.get(name)]
    if missing:
        return _incomplete("the structured CloudEvent", missing)
    if words["specversion"] != VERSION:
        return _unknown_version("specversion")
    form = form_of(words.get("datacontenttype", JSON_TYPE))
    if form is None or form is Form.STRUCTURED_JSON:
        return _unknown_content("datacontenttype", structured=False)
    envelope = Envelope(form, words["id"], words["source"], words["type"], words.get("time", ""))
    return _open_data(envelope, outer)


def _open_data(envelope: Envelope, outer: Mapping[str, object]) -> Opened | Reject:
    data, coded = outer.get("data"), outer.get("data_base64")
    if data is None and coded is None:
        return Reject(RejectCode.VALUE_MISSING, "the CloudEvent has no data")
    if data is not None and coded is not None:
        return Reject(
            RejectCode.ENVELOPE_MISMATCH, "data and data_base64 exclude each other; send one"
        )
    if data is not None and envelope.form is not Form.PROTOBUF:
        return Opened(envelope, data)
    try:
        return Opened(envelope, b64decode(coded, validate=True))  # type: ignore[arg-type]  # TypeError is caught
    except (Base64Error, ValueError, TypeError):
        return Reject(RejectCode.NOT_BASE64, "data_base64: expected Base64 (RFC 4648, section 4)")


def _incomplete(where: str, missing: Sequence[str]) -> Reject:
    return Reject(
        RejectCode.ENVELOPE_INCOMPLETE,
        f"{where}: {', '.join(missing)} missing; a CloudEvent has specversion, id, source and type",
    )


def _unknown_version(where: str) -> Reject:
    return Reject(RejectCode.SPECVERSION_UNKNOWN, f"{where}: expected {VERSION}")


def _unknown_content(where: str, *, structured: bool) -> Reject:
    more = f", {STRUCTURED_JSON_TYPE}" if structured else ""
    return Reject(
        RejectCode.CONTENT_TYPE_UNKNOWN,
        f"{where}: expected {JSON_TYPE} (UTF-8), {PROTOBUF_TYPE}{more}",
    )
