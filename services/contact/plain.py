"""The cheap look at an event's limits: sure where it says yes, and yes for nearly every event.

One-sided: `is_plain` is true only where `limits.find_excess` would find nothing; a law in
`tests/contract/test_codec.py` breaks every field of drawn events in every way and compares the two.
Strings that are printable when joined have no control character, so a few joins look at all.
"""

from __future__ import annotations

from datetime import datetime
from operator import attrgetter

from services.contact.event import (
    Choice,
    Consent,
    ContactEvent,
    Handle,
    Hours,
    MailHeaders,
    Profile,
)
from services.contact.limits import (
    EARLIEST,
    LATEST,
    MAX_ATTRIBUTES,
    MAX_ID,
    MAX_ITEMS,
    MAX_LINE,
    MAX_TEXT,
)

_SHORT = attrgetter(
    *("event_id", "source", "customer_id", "sub_channel", "schema_version", "contact_id"),
    *("conversation_id", "topic", "message_id", "reply_to_message_id", "language"),
    *("content_hash", "timezone", "queue", "agent_id", "decision_id", "outcome", "cause"),
    "raw_ref",
)
_LISTS = attrgetter("message_id_aliases", "in_reply_to", "references", "origin_evidence")
_HEADERS = attrgetter(*MailHeaders.__struct_fields__)
_DAY = 1440
"""Minutes."""
_FIRST, _LAST = EARLIEST.year, LATEST.year


def is_plain(event: ContactEvent, size: int) -> bool:
    """True only where no limit is broken; `size` is that of the event's value in bytes."""
    if size > MAX_LINE and not _are_lines_plain(event):
        return False
    if not are_plain(_SHORT(event)):
        return False
    for items in _LISTS(event):
        if items and not _is_list_plain(items):
            return False
    if event.attributes and not (
        len(event.attributes) <= MAX_ATTRIBUTES and are_plain(tuple(event.attributes))
    ):
        return False
    if event.sequence is not None or not 0 <= event.attachments_count <= MAX_ITEMS:
        return False
    return (
        _is_time_plain(event.occurred_at)
        and _is_time_plain(event.received_at)
        and _are_addresses_plain(event)
        and _is_rest_plain(event)
    )


def are_plain(texts: tuple[str, ...]) -> bool:
    """Are all of these short strings without control characters?"""
    joined = "".join(texts)
    return joined.isprintable() and (len(joined) <= MAX_ID or max(map(len, texts)) <= MAX_ID)


def _are_lines_plain(event: ContactEvent) -> bool:
    """A large record: are its lines and its texts within their limits?"""
    if len(event.subject) > MAX_LINE or len(event.text) > MAX_TEXT:
        return False
    if len(event.text_stripped) > MAX_TEXT:
        return False
    for value in event.attributes.values():
        if len(value) > MAX_LINE:
            return False
    if event.headers is None:
        return True
    return all(value is None or len(value) <= MAX_LINE for value in _HEADERS(event.headers))


def _are_addresses_plain(event: ContactEvent) -> bool:
    mail = event.participants
    if event.customer_handles and not _are_handles_plain(event.customer_handles):
        return False
    if mail is None:
        return True
    for items in (mail.to, mail.cc, mail.reply_to):
        if items and not _is_list_plain(items):
            return False
    return are_plain((mail.sender,))


def _is_rest_plain(event: ContactEvent) -> bool:
    """What most kinds of events do not carry."""
    if event.actor is not None and not are_plain((event.actor.id,)):
        return False
    if event.choice is not None and not _is_choice_plain(event.choice):
        return False
    if event.consents and not _are_consents_plain(event.consents):
        return False
    return event.profile is None or _is_profile_plain(event.profile)


def _is_choice_plain(choice: Choice) -> bool:
    return (
        are_plain((choice.topic, choice.source))
        and len(choice.never) <= MAX_ITEMS
        and _is_time_plain(choice.from_)
        and _is_time_plain(choice.until)
        and _is_time_plain(choice.at)
    )


def _are_consents_plain(consents: tuple[Consent, ...]) -> bool:
    return len(consents) <= MAX_ITEMS and all(
        _is_time_plain(one.at) and _is_time_plain(one.until) for one in consents
    )


def _is_profile_plain(profile: Profile) -> bool:
    return (
        are_plain((profile.language, profile.timezone, profile.segment))
        and _are_handles_plain(profile.handles)
        and (profile.hours is None or _are_hours_plain(profile.hours))
    )


def _are_handles_plain(handles: tuple[Handle, ...]) -> bool:
    return len(handles) <= MAX_ITEMS and all(
        are_plain((one.value, one.sub_channel, one.ref)) for one in handles
    )


def _are_hours_plain(hours: Hours) -> bool:
    return (
        0 <= hours.start <= _DAY
        and 0 <= hours.end <= _DAY
        and len(hours.weekdays) <= MAX_ITEMS
        and all(0 <= day <= MAX_ITEMS for day in hours.weekdays)
    )


def _is_list_plain(items: tuple[str, ...]) -> bool:
    return len(items) <= MAX_ITEMS and are_plain(items)


def _is_time_plain(time: datetime | None) -> bool:
    """Well inside of the limits, whatever its offset: the years at both ends are left out."""
    return time is None or _FIRST < time.year < _LAST
