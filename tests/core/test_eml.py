"""E-mail files become events: ids, people, text, evidence; and broken mail never raises."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.contact.checks import check_event
from services.contact.codec import decode_event, encode_event
from services.contact.event import ContactEvent, Origin, Side
from services.contact.origin import judge_origin
from services.contact.quotes import strip_reply
from services.contact.reject import Reject
from services.intake.eml import Intake, read_mail
from services.intake.mail_text import html_to_text

OURS = Intake(ours=("help@example.com", "shop.example"))
HEAD = "From: Ana <ana@example.org>\nTo: help@example.com\n"


def read(text: str | bytes, how: Intake = OURS) -> ContactEvent:
    """The event of a mail that must be usable."""
    event = read_mail(text.encode() if isinstance(text, str) else text, how)
    assert isinstance(event, ContactEvent), event
    return event


def with_header(line: str, body: str = "Hello") -> ContactEvent:
    """A plain mail with one more header."""
    return read(f"{HEAD}{line}\n\n{body}\n")


@pytest.mark.parametrize(
    ("line", "message_id"),
    [
        ("Message-ID: <a@b.example>", "a@b.example"),
        ("Message-Id:  < a@b.example >", "a@b.example"),
        ("MESSAGE-ID:\n <a@b\n .example>", "a@b.example"),
        ("Message-ID: a@b.example", "a@b.example"),
        ("Message-ID: <a@b.example> (added by postmaster)", "a@b.example"),
        ("Message-ID: <a@b.example", "a@b.example"),
        ("Message-ID: <Mixed@Case.Example>", "Mixed@Case.Example"),
        ("Message-ID: <no-domain>", "no-domain"),
    ],
)
def test_a_message_id_is_bare(line: str, message_id: str) -> None:
    """No brackets, no white space, no comment; the case stays."""
    assert with_header(line).message_id == message_id


@pytest.mark.parametrize("line", ["X-A: b", "Message-ID:", "Message-ID: <>"])
def test_a_missing_message_id_is_made_from_the_content(line: str) -> None:
    """The same mail at another server gets the same id, another mail another one."""
    one = with_header(line)
    again = read(f"Received: x; Mon, 2 Mar 2026 09:00:00 +0000\n{HEAD}{line}\n\nHello\n")
    other = with_header(line, body="Goodbye")
    assert one.message_id.endswith("@no-message-id.invalid")
    assert one.message_id == again.message_id != other.message_id
    assert one.event_id != again.event_id


@pytest.mark.parametrize(
    ("line", "ids"),
    [
        ("In-Reply-To: <a@x> <b@y>", ("a@x", "b@y")),
        ("In-Reply-To: <a@x>\n\t<b@y>\nIn-Reply-To: <c@z>", ("a@x", "b@y", "c@z")),
        ("In-Reply-To: <a@x><b@y>", ("a@x", "b@y")),
        ("In-Reply-To: a@x", ("a@x",)),
        ('In-Reply-To: Your message of "Mon, 2 Mar 2026" <a@x>', ("a@x",)),
        ("In-Reply-To: message from ana@example.org of Monday", ()),
        ("In-Reply-To: <a@x> <a@x>", ("a@x",)),
        ("In-Reply-To: =?utf-8?q?=3Ca=40x=3E?=", ("a@x",)),
        ("In-Reply-To: <a@ho\n st>", ("a@host",)),
        ("In-Reply-To:", ()),
    ],
)
def test_every_parent_is_found(line: str, ids: tuple[str, ...]) -> None:
    """Several values, several headers, folded, without brackets; an address is no id."""
    assert with_header(line).in_reply_to == ids


def test_references_keep_root_and_nearest_when_there_are_too_many() -> None:
    """An endless list is cut in the middle, and still fits into a record."""
    ids = [f"{number:05d}.{'x' * 60}@example.org" for number in range(5_000)]
    event = with_header("References: " + "\n ".join(f"<{one}>" for one in ids))
    assert event.references[0] == ids[0]
    assert event.references[-1] == ids[-1]
    assert len(event.references) <= 200
    assert check_event(event, len(encode_event(event).value or b"")) is None


def test_amazon_names_of_a_message_are_aliases() -> None:
    """The bare local part, and the first id that a gateway kept."""
    event = with_header(
        "Message-ID: <0102-7@eu-west-1.amazonses.com>\nX-Message-ID: <a@shop.example>"
    )
    assert event.message_id_aliases == ("a@shop.example", "0102-7")


def test_addresses_are_bare_and_lower_case() -> None:
    """Display names with commas, comments, groups and encoded words go."""
    event = read(
        'From: "Petrova, Ana" <Ana@Example.ORG>\n'
        "To: team: Help <HELP@example.com>, b@x.example (Boss);\n"
        "Cc: =?utf-8?q?J=C3=B6rg?= <joerg@x.example>, undisclosed-recipients:;\n\nHi\n"
    )
    assert event.participants is not None
    assert event.participants.sender == "ana@example.org"
    assert event.participants.to == ("help@example.com", "b@x.example")
    assert event.participants.cc == ("joerg@x.example",)


def test_times_are_those_of_our_server_then_of_the_sender() -> None:
    """The topmost Received that has a time, else Date, else none."""
    received = "Received: from b by us; Mon, 2 Mar 2026 10:00:00 +0100\n"
    older = "Received: from a by b; Mon, 2 Mar 2026 08:00:00 +0000\n"
    date = "Date: Sun, 1 Mar 2026 23:59:00 -0500\n"
    event = read(received + older + date + HEAD + "\nHi\n")
    assert event.received_at == datetime(2026, 3, 2, 9, tzinfo=UTC)
    assert event.occurred_at == datetime(2026, 3, 2, 4, 59, tzinfo=UTC)
    assert read(date + HEAD + "\nHi\n").received_at == event.occurred_at
    assert read(HEAD + "Date: yesterday\n\nHi\n").received_at is None
    broken = read("Received: no time here\n" + older + HEAD + "\nHi\n")
    assert broken.received_at == datetime(2026, 3, 2, 8, tzinfo=UTC)


def test_text_is_plain_else_html() -> None:
    """text/plain wins; HTML becomes lines in which quotes are marked."""
    both = (
        f"{HEAD}MIME-Version: 1.0\nContent-Type: multipart/alternative; boundary=b\n\n"
        "--b\nContent-Type: text/plain; charset=koi8-r\nContent-Transfer-Encoding: base64\n\n"
        "8NLJ18XU\n--b\nContent-Type: text/html\n\n<p>no</p>\n--b--\n"
    )
    assert read(both).text == "\u041f\u0440\u0438\u0432\u0435\u0442"
    html = "<style>p{}</style><p>It&nbsp;fails<br>again</p><blockquote>Did it <b>help</b>?</blockquote>"
    event = read(f"{HEAD}Content-Type: text/html\n\n{html}\n")
    assert event.text == "It fails\nagain\n> Did it help?"
    assert event.text_stripped == "It fails\nagain"


def test_attachments_are_counted_but_not_signatures_and_inline_images() -> None:
    """What somebody attached."""
    parts = (
        "--b\nContent-Type: text/plain\n\nSee attachment\n"
        "--b\nContent-Type: application/pdf; name=a.pdf\nContent-Disposition: attachment\n\nx\n"
        "--b\nContent-Type: text/plain; name=log.txt\nContent-Disposition: attachment\n\nlog\n"
        "--b\nContent-Type: image/png\nContent-ID: <logo>\nContent-Disposition: inline\n\nx\n"
        "--b\nContent-Type: application/pgp-signature\n\nx\n--b--\n"
    )
    event = read(f"{HEAD}Content-Type: multipart/mixed; boundary=b\n\n{parts}")
    assert event.attachments_count == 2
    assert event.text == "See attachment"


@pytest.mark.parametrize(
    ("subject", "forward"),
    [
        ("Fwd: x", True),
        ("FW: x", True),
        ("WG: x", True),
        ("TR : x", True),
        ("\u041f\u0420\u0415\u041f\u0420: x", True),
        ("\u8f6c\u53d1\uff1ax", True),
        ("Re: Fwd: x", False),
        ("Forward planning: x", False),
        ("x", False),
    ],
)
def test_a_forward_is_told_by_its_prefix(subject: str, forward: bool) -> None:  # noqa: FBT001 - a table of cases
    """In several languages, and never where the mail answers another one."""
    assert with_header(f"Subject: {subject}").is_forward is forward
    assert not with_header(f"Subject: {subject}\nIn-Reply-To: <a@x>").is_forward


def test_a_bounce_names_the_message_and_the_customer() -> None:
    """The inner Message-ID is a reference; the address that failed stands for the customer."""
    bounce = (
        "From: MAILER-DAEMON@mx.example\nTo: help@example.com\nReturn-Path: <>\n"
        "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
        "--b\nContent-Type: text/plain\n\nNo such user\n"
        "--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n"
        "Final-Recipient: rfc822; Ana@example.org\nAction: failed\n\n"
        "--b\nContent-Type: message/rfc822\n\nFrom: help@example.com\nTo: ana@example.org\n"
        "Message-ID: <reply@example.com>\n\nHi\n--b--\n"
    )
    event = read(bounce)
    assert event.references == ("reply@example.com",)
    assert judge_origin(event, OURS.ours).origin is Origin.BOUNCE
    assert event.customer_id == read(f"{HEAD}\nHi\n").customer_id
    assert event.customer_handles == ()
    headers_only = bounce.replace("message/rfc822", "text/rfc822-headers")
    assert read(headers_only).references == ("reply@example.com",)


def test_the_customer_is_who_is_not_us() -> None:
    """Both directions give one customer; another hash key gives another name for it."""
    mine = read(f"{HEAD}\nHi\n")
    reply = read("From: help@example.com\nTo: Ana <ana@example.org>, b@shop.example\n\nHi\n")
    assert (mine.side, reply.side) == (Side.CUSTOMER, Side.AGENT)
    assert mine.customer_id == reply.customer_id
    assert mine.customer_id.startswith("anon:eml:")
    assert "ana" not in mine.customer_id
    other = read(f"{HEAD}\nHi\n", Intake(ours=OURS.ours, hash_key="secret"))
    assert other.customer_id != mine.customer_id
    named = read(f"{HEAD}\nHi\n", Intake(ours=OURS.ours, customer="c-1"))
    assert named.customer_id == "c-1"


def test_mail_among_ourselves_is_private() -> None:
    """Nobody outside reads it, so it answers nobody."""
    inside = read("From: a@shop.example\nTo: help@example.com\n\nWho takes it?\n")
    assert inside.is_private
    assert not read("From: a@shop.example\nTo: ana@example.org\n\nHi\n").is_private


def test_a_web_form_speaks_for_its_reply_address() -> None:
    """From our form to us, to be answered to the customer: the customer wrote it."""
    form = read("From: form@shop.example\nTo: help@example.com\nReply-To: ana@example.org\n\nHi\n")
    assert form.side is Side.CUSTOMER
    assert form.participants is not None
    assert form.participants.sender == "ana@example.org"


def test_list_headers_can_be_treated_as_absent() -> None:
    """Everything that makes a list of it goes; other evidence stays."""
    mail = f"{HEAD}List-Id: <x.example.net>\nPrecedence: list\nList-Unsubscribe: <x>\n\nHi\n"
    assert judge_origin(read(mail), OURS.ours).origin is Origin.LIST
    how = Intake(ours=OURS.ours, ignore_list_headers=True)
    assert judge_origin(read(mail, how), OURS.ours).origin is Origin.HUMAN
    auto = read(mail.replace("Precedence: list", "Precedence: auto_reply"), how)
    assert judge_origin(auto, OURS.ours).origin is Origin.AUTO_REPLY


def test_evidence_is_told_apart_from_its_absence() -> None:
    """An empty Return-Path is a mark, a missing one is not."""
    assert with_header("Return-Path: <>").headers is not None
    event = with_header("Return-Path: <>\nAuto-Submitted: auto-replied")
    assert event.headers is not None
    assert (event.headers.return_path, event.headers.auto_submitted) == ("<>", "auto-replied")
    assert event.headers.list_id is None


@pytest.mark.parametrize("data", [b"", b"\n\n", b"hello world", b"\x00\xff\xfe", b"PK\x03\x04"])
def test_bytes_that_are_no_mail_are_refused(data: bytes) -> None:
    """A Reject with a reason, and no exception."""
    assert isinstance(read_mail(data, OURS), Reject)


# -- broken mail -------------------------------------------------------------------------------

_NAMES = st.sampled_from(
    [
        "From",
        "To",
        "Cc",
        "Subject",
        "Date",
        "Message-ID",
        "In-Reply-To",
        "References",
        "Received",
        "Content-Type",
        "Content-Transfer-Encoding",
        "Content-Disposition",
        "Return-Path",
        "MIME-Version",
        "List-Id",
        "Auto-Submitted",
        "X-Original-From",
        "Reply-To",
    ]
)
_PIECES = st.sampled_from(
    [
        b"<a@b>",
        b"<",
        b">",
        b'"',
        b"\\",
        b"=?utf-8?b?////?=",
        b"=?x?q?=ff?=",
        b"multipart/mixed",
        b"; boundary=b",
        b"; boundary*0=b",
        b"text/html",
        b"; charset=nosuch",
        b"base64",
        b"\xff\xfe",
        b"Mon, 2 Mar 2026 09:00:00 +0000",
        b"Mon, 99 Xyz 99999",
        b"+9999",
        b"a@b",
        b",",
        b";",
        b"\r\n ",
        b"message/rfc822",
        b"multipart/report",
        b"charset*=x'y'%ff",
        b"\x00",
        b"(",
        b"=?",
        b"\xe2\x80",
    ]
)
_LINES = st.tuples(_NAMES, st.lists(_PIECES | st.binary(max_size=8), max_size=6)).map(
    lambda line: line[0].encode() + b": " + b"".join(line[1])
)
_BODIES = st.lists(
    st.sampled_from(
        [
            b"--b\n",
            b"--b--\n",
            b"\n",
            b"Content-Type: text/html\n",
            b"<p>",
            b"<!-",
            b"<![x",
            b"<blockquote",
            b"Content-Type: message/rfc822\n",
            b"Message-ID: <i@j>\n",
            b"> quoted\n",
            b"On 1, x wrote:\n",
            b"Content-Transfer-Encoding: base64\n\n!!!=\n",
            b"\xff\xff",
            b"&#xD800;",
            b"begin 644 x\n",
        ]
    )
    | st.binary(max_size=12),
    max_size=12,
).map(b"".join)


@given(st.lists(_LINES, max_size=8), _BODIES)
def test_broken_mail_never_raises(lines: list[bytes], body: bytes) -> None:
    """It gives an event that the router accepts, or a Reject; the same each time."""
    data = b"\n".join(lines) + b"\n\n" + body
    event = read_mail(data, OURS)
    assert event == read_mail(data, OURS)
    if isinstance(event, ContactEvent):
        judge_origin(event, OURS.ours)
        encoded = encode_event(event)
        assert decode_event(encoded.key, encoded.value, encoded.headers) == event


@given(st.binary(max_size=400))
def test_any_bytes_are_answered(data: bytes) -> None:
    """No bytes raise."""
    assert isinstance(read_mail(data, OURS), ContactEvent | Reject)
    read_mail(b"From: a@b\n" + data, OURS)


def test_the_largest_mail_fits_into_a_record() -> None:
    """Every part is cut so that the event stays within the limits of the contract."""
    body = '\u4e2d\u6587\U0001f600\x01\\"' * 100_000
    many = ", ".join(f"{number}@{'x' * 200}.example" for number in range(2_000))
    mail = f"{HEAD}Cc: {many}\nReply-To: {many}\nSubject: {'s' * 100_000}\nList-Id: {'l' * 9_000}\n\n{body}"
    event = read(mail)
    size = len(encode_event(event).value or b"")
    assert check_event(event, size) is None
    assert size < 256 * 1024


# -- what was typed ----------------------------------------------------------------------------

TYPED = [
    ("Hi\n> quoted\nbye", "Hi\nbye"),
    ("Yes\n\nOn Mon, 4 May 2026 at 10:12, Help\n<help@example.com> wrote:\n> Did it?", "Yes"),
    ("Ja\n\nAm 04.05.2026 um 10:12 schrieb Hilfe <help@example.com>:\n\n> Hat es?", "Ja"),
    ("Oui\n\nLe lun. 4 mai 2026 à 10:12, Aide <help@example.com> a écrit :\n> Alors ?", "Oui"),
    ("Sí\n\nEl 4 may 2026, a las 10:12, Ayuda escribió:\n> ¿Va?", "Sí"),
    ("Да\n\n4 мая 2026 г., 10:12, Помощь <help@example.com> пишет:\n> Работает?", "Да"),
    ("Yes\n\nFrom: Help <help@example.com>\nSent: Monday\nTo: Ana\nSubject: x\n\nDid it?", "Yes"),
    ("Yes\n________________________________\nVon: Hilfe\nGesendet: Mo\nAn: Ana\n\nAlso?", "Yes"),
    ("Yes\n-----Original Message-----\nDid it?", "Yes"),
    ("Yes\n-- \nAna Petrova\nSales", "Yes"),
    ("Yes\n\nSent from my iPhone", "Yes"),
    ("On 4 May, Help <h@x> wrote:\n> Did it?\n\nNo, it did not.", "No, it did not."),
    ("My order:\n- one lamp\n- two cups", "My order:\n- one lamp\n- two cups"),
    ("Hello,\nThanks, but it still fails", "Hello,\nThanks, but it still fails"),
    ("From: my side all is well", "From: my side all is well"),
    ("On Monday I wrote:\nplease call", "On Monday I wrote:\nplease call"),
    ("one line", "one line"),
    ("> only a quote", ""),
]


@pytest.mark.parametrize(("text", "typed"), TYPED)
def test_only_what_was_typed_is_kept(text: str, typed: str) -> None:
    """Quotes, attributions, Outlook's headers and signatures go; nothing that was typed does."""
    assert strip_reply(text) == typed


@given(st.text(max_size=300))
def test_stripping_never_raises_and_never_adds(text: str) -> None:
    """What is kept was there."""
    kept = strip_reply(text)
    assert all(line.strip() in text for line in kept.splitlines())
    assert isinstance(html_to_text(text), str)
