"""What an event must hold beyond its types: limits, times, and what its kind needs.

The order is part of the contract (`docs/contract.md`): limits of every field in the order of
`event.py`, the time zones, what the kind needs, then the key and the partition.
"""

from __future__ import annotations

from functools import lru_cache
from operator import attrgetter
from zoneinfo import ZoneInfo

from services.contact.event import ABOUT_DECISION, ContactEvent, Kind
from services.contact.limits import EARLIEST, LATEST, find_excess
from services.contact.partition import partition_of
from services.contact.plain import are_plain, is_plain
from services.contact.reject import Reject, RejectCode
from services.contact.sentiment import SentimentScored, SentimentSummary, Want

NEEDS: dict[Kind, str] = {
    **{kind: "channel" for kind in Kind if kind.value.startswith("call.")},
    Kind.MESSAGE: "channel",
    Kind.HANDOFF_REQUESTED: "channel",
    Kind.CALLBACK_REQUESTED: "channel",
    **dict.fromkeys(ABOUT_DECISION - {Kind.DELIVERY_FAILED}, "decision_id"),
    Kind.PREFERENCE_UPDATED: "choice",
    Kind.CONSENT_UPDATED: "consents",
    Kind.PROFILE_UPDATED: "profile",
    Kind.SURVEY_ANSWERED: "survey",
}
"""The field without which a kind says nothing; the other kinds need none beyond the required."""

_WORDS = attrgetter(
    *("event_id", "source", "customer_id", "contact_id", "queue", "topic", "language", "model"),
    "why_unscored",
)


def check_event(event: ContactEvent, size: int) -> Reject | None:
    """The first law that a well-typed event breaks; `size` is that of its value in bytes."""
    if not is_plain(event, size):
        excess = find_excess(event)
        if excess is not None:
            return excess
    if event.timezone and not is_zone(event.timezone):
        return _unknown_zone("timezone")
    profile = event.profile
    if profile is not None and profile.timezone and not is_zone(profile.timezone):
        return _unknown_zone("profile.timezone")
    return _check_kind(event)


def check_sentiment(scored: SentimentScored | SentimentSummary) -> Reject | None:
    """The first limit that a well-typed sentiment, or the summary of a contact, breaks."""
    if isinstance(scored, SentimentSummary):
        return find_excess(scored)
    received, last = scored.received_at, LATEST.year
    plain = (
        are_plain(_WORDS(scored))
        and len(scored.wants) <= len(Want)
        and EARLIEST.year < scored.scored_at.year < last
        and (received is None or EARLIEST.year < received.year < last)
    )
    return None if plain else find_excess(scored)


def check_place(
    customer_id: str, key: bytes | None, partition: int | None, partitions: int | None
) -> Reject | None:
    """Is the record keyed by its customer, and on the partition that the key belongs to?"""
    if not key:
        return Reject(
            RejectCode.KEY_MISSING, "the record has no key; the key is the customer_id in UTF-8"
        )
    if key != customer_id.encode():
        return _wrong_key(key)
    if partition is None or not partitions:
        return None
    right = partition_of(key, partitions)
    if right == partition:
        return None
    return Reject(
        RejectCode.WRONG_PARTITION,
        f"the key belongs on partition {right} of {partitions}, the record lies on {partition}; "
        "partition by murmur2 as Java and aiokafka do: a producer built on librdkafka (kcat, "
        "confluent-kafka) needs partitioner=murmur2_random",
    )


@lru_cache(maxsize=1024)
def is_zone(name: str) -> bool:
    """Is it the name of an IANA time zone, such as Europe/Sofia?"""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


def _check_kind(event: ContactEvent) -> Reject | None:
    """Does the event carry what its kind is about?"""
    kind = event.kind
    if kind is Kind.CUSTOMER_LINKED:
        return Reject(
            RejectCode.KIND_RESERVED,
            "customer.linked is reserved: in this version the platform resolves identities",
        )
    need = NEEDS.get(kind)
    if need is None or getattr(event, need):
        return None
    code, meaning = _NEED_CODES[need]
    return Reject(code, f"{kind.value} needs {need}: {meaning}")


_NEED_CODES = {
    "channel": (RejectCode.CHANNEL_MISSING, "one of phone, chat, email, social"),
    "decision_id": (RejectCode.DECISION_ID_MISSING, "the decision that is reported on"),
    "choice": (RejectCode.CHOICE_MISSING, "the channel that the customer chose"),
    "consents": (RejectCode.CONSENT_MISSING, "what the customer granted or denied"),
    "profile": (RejectCode.PROFILE_MISSING, "what became known of the customer"),
    "survey": (RejectCode.SURVEY_MISSING, "a rating from 0 to 10 for each of the 20 emotions"),
}


def _unknown_zone(path: str) -> Reject:
    return Reject(
        RejectCode.TIMEZONE_UNKNOWN, f"{path}: expected an IANA name such as Europe/Sofia"
    )


def _wrong_key(key: bytes) -> Reject:
    try:
        key.decode()
    except UnicodeDecodeError:
        return Reject(RejectCode.KEY_NOT_UTF8, "the key is not UTF-8; it is the customer_id")
    return Reject(
        RejectCode.KEY_MISMATCH,
        "the key differs from customer_id; the key is the customer_id in UTF-8, byte by byte",
    )
