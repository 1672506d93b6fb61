"""What an event teaches us about its customer: addresses, consent, choice, profile."""

from __future__ import annotations

from datetime import datetime

import msgspec

from services.contact.event import (
    Channel,
    Consent,
    ConsentState,
    ContactEvent,
    Handle,
    Profile,
    Side,
)
from services.contact.ours import is_ours
from services.router.core import choice
from services.router.core.customer import Customer, StoredConsent, StoredHandle
from services.router.core.hours import known_zone
from services.router.core.reach import usable

MAX_HANDLES = 16
MAX_CONSENTS = 24


def learn(
    customer: Customer, event: ContactEvent, at: int, *, side: Side, ours: tuple[str, ...]
) -> Customer:
    """The customer with everything that `event`, received at `at`, says about them."""
    changes: dict[str, object] = {}
    handles = event.customer_handles
    if event.profile is not None:
        handles = (*handles, *event.profile.handles)
        changes |= _from_profile(customer, event.profile, at)
    known = _add_handles(customer.handles, handles)
    known = _add_sender(known, event, side, ours)
    if known is not customer.handles:
        changes["handles"] = known
    if event.timezone and known_zone(event.timezone) and at >= customer.profile_at:
        changes["timezone"] = event.timezone
    if event.choice is not None:
        said_at = min(ms(event.choice.at) or at, at)
        changes["choices"] = choice.store(customer.choices, event.choice, said_at)
    if event.consents:
        changes["consents"] = _add_consents(customer.consents, event.consents, at)
    return msgspec.structs.replace(customer, **changes) if changes else customer


def fail_address(
    customer: Customer, channel: Channel, values: tuple[str, ...], at: int
) -> Customer:
    """The customer with these addresses marked as failed; with none named, the channel's only one."""
    mine = [one for one in customer.handles if one.channel is channel]
    if not values and len(mine) == 1:
        values = (mine[0].value,)
    handles = tuple(
        msgspec.structs.replace(one, failed_at=at)
        if one.channel is channel and one.value.lower() in {value.lower() for value in values}
        else one
        for one in customer.handles
    )
    return msgspec.structs.replace(customer, handles=handles)


def ms(moment: datetime | None) -> int:
    """Milliseconds since the epoch, 0 for None."""
    return round(moment.timestamp() * 1000) if moment is not None else 0


def _from_profile(customer: Customer, profile: Profile, at: int) -> dict[str, object]:
    if at < customer.profile_at:
        return {}
    changes: dict[str, object] = {"profile_at": at}
    if profile.language:
        changes["language"] = profile.language
    if profile.timezone and known_zone(profile.timezone):
        changes["timezone"] = profile.timezone
    if profile.segment:
        changes["segment"] = profile.segment
    if profile.hours is not None:
        changes["hours"] = profile.hours
    return changes


def _add_handles(
    known: tuple[StoredHandle, ...], handles: tuple[Handle, ...]
) -> tuple[StoredHandle, ...]:
    for handle in handles:
        old = next(
            (one for one in known if one.channel is handle.kind and one.value == handle.value), None
        )
        new = StoredHandle(
            channel=handle.kind,
            value=handle.value,
            sub_channel=handle.sub_channel or (old.sub_channel if old else ""),
            ref=handle.ref or (old.ref if old else ""),
            verified=_verified(handle, old),
            failed_at=old.failed_at if old and not handle.verified else 0,
        )
        if new != old:
            known = (*(one for one in known if one is not old), new)[-MAX_HANDLES:]
    return known


def _verified(handle: Handle, old: StoredHandle | None) -> bool | None:
    if handle.verified is not None or old is None:
        return handle.verified
    return old.verified


def _add_sender(
    known: tuple[StoredHandle, ...], event: ContactEvent, side: Side, ours: tuple[str, ...]
) -> tuple[StoredHandle, ...]:
    """The sender's address stands in until the platform names one; a third party's never does."""
    if side is not Side.CUSTOMER or event.channel is not Channel.EMAIL or not event.participants:
        return known
    for one in known:
        if one.channel is Channel.EMAIL:
            return known
    sender = event.participants.sender
    if not usable(Channel.EMAIL, sender) or is_ours(sender, ours):
        return known
    return (*known, StoredHandle(channel=Channel.EMAIL, value=sender))[-MAX_HANDLES:]


def _add_consents(
    known: tuple[StoredConsent, ...], consents: tuple[Consent, ...], at: int
) -> tuple[StoredConsent, ...]:
    for consent in consents:
        said_at = min(ms(consent.at) or at, at)
        old = next(
            (
                one
                for one in known
                if one.channel is consent.channel and one.purpose is consent.purpose
            ),
            None,
        )
        if old is not None and said_at < old.at:
            continue
        if (
            old is not None
            and said_at == old.at
            and old.state is ConsentState.DENIED
            and consent.state is not ConsentState.DENIED
        ):
            continue  # of two words of one moment the refusal counts
        new = StoredConsent(
            channel=consent.channel,
            purpose=consent.purpose,
            state=consent.state,
            at=said_at,
            until=ms(consent.until),
        )
        known = (*(one for one in known if one is not old), new)[-MAX_CONSENTS:]
    return known
