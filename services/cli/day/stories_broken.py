"""Records that no platform should send, each with the code it must be refused with.

Every story puts them between two sound messages of the same customer, which must be routed.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from services.cli.day.expect import refused
from services.cli.day.script import Cast, Raw, Script, Story
from services.cli.day.stories_mail import BY_MAIL, NEW_MAIL
from services.cli.day.talk import Mail
from services.contact.event import Channel, Kind
from services.contact.reject import RejectCode as Code
from services.contact.topics import CE_ID, CE_SOURCE, CE_SPECVERSION, CE_TYPE, CONTENT_TYPE

Fields = dict[str, object]
Breakage = Callable[[Fields], Raw]


def _sound(cast: Cast, number: int) -> Fields:
    """An e-mail as a platform would send it, before something is broken."""
    return {
        "event_id": f"{cast.serial}.broken-{number}",
        "source": "mail/acme",
        "kind": Kind.MESSAGE,
        "customer_id": cast.person.id,
        "channel": Channel.EMAIL,
        "actor": {"type": "customer"},
        "text": cast.case.ask,
        "language": cast.person.language,
    }


def _record(fields: Fields, *, value: bytes | None = None, **more: object) -> Raw:
    """The event as bytes, on its customer's key."""
    body = msgspec.json.encode(fields) if value is None else value
    usual = {"key": str(fields.get("customer_id", "")).encode() or b"nobody", "value": body}
    return Raw(**{**usual, **more})  # type: ignore[arg-type] # named where it is called


def _with(**changes: object) -> Breakage:
    """Some fields say what they must not say."""
    return lambda fields: _record({**fields, **changes})


def _without(name: str) -> Breakage:
    """A field is missing."""
    return lambda fields: _record({k: v for k, v in fields.items() if k != name}, key=_key(fields))


def _spliced(old: bytes, new: bytes) -> Breakage:
    """The JSON text itself is damaged."""

    def damage(fields: Fields) -> Raw:
        value = msgspec.json.encode(fields).replace(old, new, 1)
        return _record(fields, value=value)

    return damage


def _headed(*headers: tuple[str, bytes]) -> Breakage:
    """Sound JSON under headers that do not fit it."""
    return lambda fields: _record(fields, headers=headers)


def _key(fields: Fields) -> bytes:
    return str(fields["customer_id"]).encode()


def _bare(kind: Kind) -> Breakage:
    """An event of this kind without what it is about."""
    return _with(kind=kind)


def _envelope(fields: Fields) -> Raw:
    """The CloudEvents header names another event than the body."""
    headers = (
        (CE_SPECVERSION, b"1.0"),
        (CE_ID, b"another-id"),
        (CE_SOURCE, b"mail/acme"),
        (CE_TYPE, b"message"),
        (CONTENT_TYPE, b"application/json"),
    )
    return _record(fields, headers=headers)


BREAKAGES: tuple[tuple[Code, Breakage], ...] = (
    (Code.NOT_JSON, lambda f: _record(f, value=b"customer called, please ring back")),
    (Code.NOT_JSON, lambda f: _record(f, value=msgspec.json.encode(f)[:-9])),
    (Code.NOT_AN_OBJECT, lambda f: _record(f, value=msgspec.json.encode([f]))),
    (Code.NOT_UTF8, lambda f: _record(f, value=b'{"text": "caf\xe9"}')),
    (Code.VALUE_MISSING, lambda f: Raw(key=_key(f), value=None)),
    (Code.KEY_MISSING, lambda f: _record(f, key=None)),
    (Code.KEY_MISMATCH, lambda f: _record(f, key=_key(f) + b"-other")),
    (Code.WRONG_PARTITION, lambda f: _record(f, astray=True)),
    (Code.EVENT_ID_MISSING, _without("event_id")),
    (Code.SOURCE_MISSING, _without("source")),
    (Code.KIND_MISSING, _without("kind")),
    (Code.CUSTOMER_MISSING, _without("customer_id")),
    (Code.CHANNEL_MISSING, _without("channel")),
    (Code.KIND_UNKNOWN, _with(kind="message.exploded")),
    (Code.KIND_RESERVED, _with(kind="customer.linked")),
    (Code.ENUM_UNKNOWN, _with(channel="fax")),
    (Code.WRONG_TYPE, _with(text=42)),
    (Code.WRONG_TYPE, _with(attachments_count="two")),
    (Code.TIME_INVALID, _with(received_at="yesterday at noon")),
    (Code.TIMEZONE_UNKNOWN, _with(timezone="Mars/Olympus_Mons")),
    (Code.NUMBER_NOT_FINITE, _spliced(b'"text":', b'"sequence":NaN,"text":')),
    (Code.LONE_SURROGATE, _spliced(b'"text":"', b'"text":"\\ud83d')),
    (Code.DUPLICATE_FIELD, _spliced(b'"text":', b'"text":"twice","text":')),
    (Code.TOO_DEEP, _spliced(b'"text":', b'"x":' + b"[" * 200 + b"]" * 200 + b',"text":')),
    (Code.DECISION_ID_MISSING, _bare(Kind.ROUTING_ACCEPTED)),
    (Code.CHOICE_MISSING, _bare(Kind.PREFERENCE_UPDATED)),
    (Code.CONSENT_MISSING, _bare(Kind.CONSENT_UPDATED)),
    (Code.PROFILE_MISSING, _bare(Kind.PROFILE_UPDATED)),
    (Code.SURVEY_MISSING, _bare(Kind.SURVEY_ANSWERED)),
    (Code.CONTENT_TYPE_UNKNOWN, _headed((CONTENT_TYPE, b"text/xml"))),
    (Code.NOT_PROTOBUF, _headed((CONTENT_TYPE, b"application/protobuf"))),
    (Code.ENVELOPE_MISMATCH, _envelope),
)
"""What goes wrong, and the code that says so."""


def broken(cast: Cast) -> Story:
    """Three unusable records between two sound e-mails: three dead letters, two decisions."""
    script = Script(cast)
    mail = Mail(script)
    mail.customer(cast.case.ask, NEW_MAIL)
    for number, (code, damage) in enumerate(script.rng.sample(BREAKAGES, 3)):
        script.put(damage(_sound(cast, number)), refused(code))
    mail.customer(cast.case.more[0], BY_MAIL)
    return script.end("broken")
