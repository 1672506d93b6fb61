"""Who wrote a message: each row of the evidence, its order, and what proves nothing."""

from __future__ import annotations

import time
import timeit

import msgspec
import pytest

from services.contact.event import (
    Actor,
    Channel,
    ContactEvent,
    Kind,
    MailHeaders,
    Origin,
    Participants,
    Side,
)
from services.contact.origin import judge_origin, judge_side
from services.contact.ours import is_ours

OURS = ("help@example.com", "shop.example")
ANA = Participants(sender="ana@example.org", to=("help@example.com",))
PLAIN = ContactEvent(
    event_id="e1",
    source="test",
    kind=Kind.MESSAGE,
    customer_id="c1",
    channel=Channel.EMAIL,
    subject="My parcel",
    text="Where is my parcel?",
    participants=ANA,
)


def with_headers(headers: MailHeaders | None, **changes: object) -> ContactEvent:
    """The plain e-mail with these headers and other changes."""
    return msgspec.structs.replace(PLAIN, headers=headers, **changes)


STRONG = [
    (MailHeaders(auto_submitted="auto-replied"), Origin.AUTO_REPLY, "auto-submitted=auto-replied"),
    (MailHeaders(auto_submitted="Auto-Generated; x=1"), Origin.AUTO_REPLY, "auto-submitted="),
    (MailHeaders(auto_submitted="auto-notified"), Origin.AUTO_REPLY, "auto-submitted="),
    (MailHeaders(auto_submitted="yes"), Origin.AUTO_REPLY, "auto-submitted=other"),
    (MailHeaders(auto_submitted=""), Origin.AUTO_REPLY, "auto-submitted=other"),
    (MailHeaders(return_path=""), Origin.BOUNCE, "return-path=<>"),
    (MailHeaders(return_path=" <> "), Origin.BOUNCE, "return-path=<>"),
    (
        MailHeaders(content_type="multipart/report; report-type=delivery-status"),
        Origin.BOUNCE,
        "content-type=multipart/report",
    ),
    (
        MailHeaders(content_type="multipart/report; report-type=disposition-notification"),
        Origin.AUTO_REPLY,
        "content-type=read-receipt",
    ),
    (MailHeaders(x_failed_recipients="x@example.org"), Origin.BOUNCE, "x-failed-recipients"),
    (MailHeaders(x_autoreply="yes"), Origin.AUTO_REPLY, "x-autoreply"),
    (MailHeaders(x_autorespond=""), Origin.AUTO_REPLY, "x-autorespond"),
    (MailHeaders(precedence="AUTO_REPLY"), Origin.AUTO_REPLY, "precedence=auto_reply"),
    (MailHeaders(precedence="bulk"), Origin.LIST, "precedence=bulk"),
    (MailHeaders(precedence=" List"), Origin.LIST, "precedence=list"),
    (MailHeaders(precedence="junk"), Origin.LIST, "precedence=junk"),
    (MailHeaders(list_id="<news.example.net>"), Origin.LIST, "list-id"),
    (MailHeaders(list_unsubscribe="<mailto:u@example.net>"), Origin.LIST, "list-unsubscribe"),
    (MailHeaders(feedback_id="1:2:3:esp"), Origin.LIST, "feedback-id"),
    (MailHeaders(x_loop="yes"), Origin.SYSTEM, "x-loop"),
    (MailHeaders(x_loop="help@example.com"), Origin.SYSTEM, "x-loop"),
]


@pytest.mark.parametrize(("headers", "origin", "evidence"), STRONG)
def test_one_strong_mark_decides(headers: MailHeaders, origin: Origin, evidence: str) -> None:
    """Each strong header alone makes the message one that no human wrote."""
    found = judge_origin(with_headers(headers), OURS)
    assert found.origin is origin
    assert found.evidence[0].startswith(evidence)


HUMAN = [
    MailHeaders(),
    MailHeaders(auto_submitted="no"),
    MailHeaders(auto_submitted=" No ; owner=x"),
    MailHeaders(return_path="<ana@example.org>"),
    MailHeaders(x_auto_response_suppress="All"),
    MailHeaders(x_auto_response_suppress="DR, OOF, AutoReply"),
    MailHeaders(x_auto_response_suppress="None"),
    MailHeaders(x_ms_exchange_inbox_rules_loop="ana@example.org"),
    MailHeaders(x_auto_response_suppress="None", x_ms_exchange_inbox_rules_loop="a@example.org"),
    MailHeaders(precedence="first-class"),
    MailHeaders(x_loop="somebody@example.net"),
    MailHeaders(x_autoreply="no"),
    MailHeaders(content_type="multipart/alternative"),
]


@pytest.mark.parametrize("headers", HUMAN)
def test_a_weak_mark_alone_proves_nothing(headers: MailHeaders) -> None:
    """Marks that people's own clients and servers set leave a message human."""
    assert judge_origin(with_headers(headers), OURS).origin is Origin.HUMAN


def test_two_weak_marks_make_an_auto_reply() -> None:
    """X-Auto-Response-Suppress with the vendor's out-of-office header is an auto-reply."""
    headers = MailHeaders(
        x_auto_response_suppress="DR, OOF, AutoReply",
        x_ms_exchange_inbox_rules_loop="ana@example.org",
    )
    found = judge_origin(with_headers(headers), OURS)
    assert found.origin is Origin.AUTO_REPLY
    assert found.evidence == ("x-auto-response-suppress", "x-ms-exchange-inbox-rules-loop")


AWAY = [
    ("en", "Automatic reply: My parcel", "I am out of the office until Monday."),
    ("ru", "Автоответ: заказ", "Здравствуйте! Я в отпуске до 3 мая."),
    ("zh", "自动回复：订单", "您好，我正在休假，返回后会尽快回复。"),
    ("bg", "Автоматичен отговор: поръчка", "Здравейте, ще отсъствам до петък."),
    ("es", "Respuesta automática: pedido", "Estoy de vacaciones hasta el lunes."),
    ("de", "Abwesenheitsnotiz: Bestellung", "Ich bin im Urlaub und ab Montag wieder da."),
    ("fr", "Réponse automatique : commande", "Je suis absent jusqu'au 12 mai."),
    ("pt", "Resposta automática: pedido", "Estou de férias até segunda-feira."),
    ("it", "Risposta automatica: ordine", "Sono in ferie fino a lunedì."),
    ("ar", "رد تلقائي: الطلب", "أنا خارج المكتب حتى يوم الأحد."),
    ("hi", "स्वचालित उत्तर: ऑर्डर", "मैं छुट्टी पर हूँ, सोमवार को लौटूँगा।"),
]


@pytest.mark.parametrize(("language", "subject", "text"), AWAY)
def test_an_away_subject_counts_only_with_an_away_text(
    language: str, subject: str, text: str
) -> None:
    """In eleven languages: subject and text together are an auto-reply, each alone is not."""
    del language
    bare = MailHeaders()
    both = judge_origin(with_headers(bare, subject=subject, text=text), OURS)
    assert both.origin is Origin.AUTO_REPLY
    only_subject = with_headers(bare, subject=subject, text="Nr 17 ?")
    assert judge_origin(only_subject, OURS).origin is Origin.HUMAN
    assert judge_origin(with_headers(bare, text=text), OURS).origin is Origin.HUMAN
    without_headers = with_headers(None, subject=subject, text=text)
    assert judge_origin(without_headers, OURS).origin is Origin.AUTO_REPLY


def test_an_away_subject_with_the_suppress_header_is_an_auto_reply() -> None:
    """A weak header is the second mark that an out-of-office subject needs."""
    event = with_headers(
        MailHeaders(x_auto_response_suppress="All"), subject="Out of Office: x", text="Back soon"
    )
    assert judge_origin(event, OURS).origin is Origin.AUTO_REPLY


def test_a_reply_to_an_away_note_is_human() -> None:
    """`Re: Out of office` was written by somebody who answers the note."""
    event = with_headers(MailHeaders(), subject="Re: Out of office", text="I am away too")
    assert judge_origin(event, OURS).origin is Origin.HUMAN


def test_a_good_vacation_reply_is_no_bounce() -> None:
    """RFC 3834 replies carry an empty Return-Path as well: Auto-Submitted decides."""
    event = with_headers(MailHeaders(auto_submitted="auto-replied", return_path="<>"))
    found = judge_origin(event, OURS)
    assert found.origin is Origin.AUTO_REPLY
    assert "return-path=<>" in found.evidence


def test_a_delivery_report_is_a_bounce_even_if_auto_submitted() -> None:
    """Mail servers mark their reports Auto-Submitted: the report type decides."""
    headers = MailHeaders(
        auto_submitted="auto-replied",
        return_path="<>",
        content_type="multipart/report; report-type=delivery-status",
    )
    assert judge_origin(with_headers(headers), OURS).origin is Origin.BOUNCE


@pytest.mark.parametrize("sender", ["mailer-daemon@mx.example.net", "mailer-daemon"])
def test_a_mail_daemon_bounces_with_or_without_headers(sender: str) -> None:
    """The sender's name is enough."""
    people = Participants(sender=sender)
    for headers in (MailHeaders(), None):
        event = with_headers(headers, participants=people)
        assert judge_origin(event, OURS).origin is Origin.BOUNCE


def test_the_platform_verdict_beats_every_header() -> None:
    """An explicit origin wins, in both directions."""
    headers = MailHeaders(auto_submitted="auto-replied")
    found = judge_origin(with_headers(headers, origin=Origin.HUMAN), OURS)
    assert (found.origin, found.evidence) == (Origin.HUMAN, ("platform",))
    event = with_headers(MailHeaders(), origin=Origin.LIST, origin_evidence=("x",))
    assert judge_origin(event, OURS).evidence == ("x",)


@pytest.mark.parametrize("side", [Side.BOT, Side.SYSTEM])
def test_bots_and_systems_are_no_humans(side: Side) -> None:
    """As actor and as side, whatever the direction of the message."""
    for event in (
        with_headers(MailHeaders(), actor=Actor(type=side), side=Side.AGENT),
        with_headers(MailHeaders(), side=side),
    ):
        assert judge_origin(event, OURS).origin is Origin.SYSTEM


def test_our_own_notice_coming_back_is_a_loop() -> None:
    """Bulk mail with a Message-ID of our domain is ours, not a list's."""
    headers = MailHeaders(precedence="bulk")
    event = with_headers(headers, message_id="notice-1@shop.example")
    found = judge_origin(event, OURS)
    assert found.origin is Origin.SYSTEM
    assert found.evidence[0] == "own-message-id"


def test_our_address_as_a_customer_is_a_loop() -> None:
    """Mail from our own address that claims the customer's side, or goes to itself."""
    own = Participants(sender="help@example.com", to=("ana@example.org",))
    claimed = with_headers(MailHeaders(), participants=own, side=Side.CUSTOMER)
    assert judge_origin(claimed, OURS).origin is Origin.SYSTEM
    to_itself = Participants(sender="help@example.com", to=("help@example.com",))
    looped = with_headers(MailHeaders(), participants=to_itself)
    assert judge_origin(looped, OURS).origin is Origin.SYSTEM
    reply = with_headers(MailHeaders(), participants=own)
    assert judge_origin(reply, OURS).origin is Origin.HUMAN


def test_our_support_address_may_be_a_group() -> None:
    """List headers of our own group mailbox do not hide the customers that write to it."""
    headers = MailHeaders(list_id="Help <help.example.com>", precedence="list")
    assert judge_origin(with_headers(headers), OURS).origin is Origin.HUMAN
    bulk = MailHeaders(list_id="Help <help.example.com>", precedence="bulk")
    assert judge_origin(with_headers(bulk), OURS).origin is Origin.LIST


def test_a_provider_stamp_does_not_hide_an_agent() -> None:
    """Feedback-ID is on all that a mail provider sends for us; our reply still counts."""
    people = Participants(sender="help@example.com", to=("ana@example.org",))
    event = with_headers(MailHeaders(feedback_id="1.eu:ses"), participants=people)
    assert judge_origin(event, OURS).origin is Origin.HUMAN


def test_absent_headers_are_unknown_and_other_channels_human() -> None:
    """`unknown` says that nothing could be checked; chat and calls have no such marks."""
    assert judge_origin(PLAIN, OURS).origin is Origin.UNKNOWN
    chat = with_headers(None, channel=Channel.CHAT)
    assert judge_origin(chat, OURS).origin is Origin.HUMAN
    acted = with_headers(None, actor=Actor(type=Side.AGENT))
    assert judge_origin(acted, OURS).origin is Origin.HUMAN


def test_side_follows_event_then_actor_then_addresses() -> None:
    """A colleague of the customer is not one of us; neither is a subdomain."""
    assert judge_side(PLAIN, OURS) is Side.CUSTOMER
    colleague = Participants(
        sender="boss@example.org", to=("ana@example.org",), cc=("help@example.com",)
    )
    third = with_headers(MailHeaders(), participants=colleague)
    assert judge_side(third, OURS) is Side.CUSTOMER
    agent = with_headers(MailHeaders(), participants=Participants(sender="a@shop.example"))
    assert judge_side(agent, OURS) is Side.AGENT
    actor = with_headers(MailHeaders(), actor=Actor(type=Side.AGENT))
    assert judge_side(actor, OURS) is Side.AGENT
    told = with_headers(MailHeaders(), actor=Actor(type=Side.AGENT), side=Side.CUSTOMER)
    assert judge_side(told, OURS) is Side.CUSTOMER


@pytest.mark.parametrize(
    ("address", "ours"),
    [
        ("help@example.com", True),
        ("help+42@example.com", True),
        ("other@example.com", False),
        ("x@shop.example", True),
        ("x@mail.shop.example", False),
        ("", False),
        ("shop.example", True),
        ("nobody", False),
    ],
)
def test_an_address_is_ours_by_itself_or_by_its_domain(address: str, ours: bool) -> None:  # noqa: FBT001 - a table of cases
    """Exact addresses, exact domains, plus-addresses of ours."""
    assert is_ours(address, OURS) is ours


def test_judging_an_event_without_headers_is_fast() -> None:
    """It runs for every message of every channel: about a microsecond, ten at the most."""
    rounds = 5_000
    best = min(
        timeit.repeat(
            lambda: judge_origin(PLAIN, OURS), timer=time.process_time, number=rounds, repeat=5
        )
    )
    assert best / rounds < 10e-6
