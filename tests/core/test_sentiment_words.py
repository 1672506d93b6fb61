"""Laws of the words that are scored: the customer's own, in bounded parts, whatever comes in."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.contact.event import Channel, ContactEvent, Kind
from services.contact.reject import Reject, RejectCode
from services.contact.sentiment import Want
from services.sentiment.core.parts import (
    MOST_CHARACTERS,
    MOST_PARTS,
    MOST_READ,
    clean,
    split_text,
)
from services.sentiment.core.pick import list_parts
from services.sentiment.core.pooling import pool
from services.sentiment.core.prose import strip_mail
from services.sentiment.core.scorer import LANGUAGE_NOT_SUPPORTED, Scored
from services.sentiment.core.turns import pick_turns
from tests.core.mail_shapes import INTACT, MAILS
from tests.yardstick import find_slowness

HOSTILE = {
    "empty": "",
    "5 MB": "I am very unhappy with this. " * 180_000,
    "5 MB of one word": "x" * 5_000_000,
    "5 MB of lines": "\n" * 5_000_000,
    "lines that open quotes": "On 1\n" * 1_000_000,
    "lines that end letters": "Kind regards, Ana\n" * 300_000,
    "only colons": ":" * 1_000_000,
    "only emoji": "😡" * 60_000,
    "controls": "".join(map(chr, range(32))) * 2_000,
    "bidi": "\u202e\u2066abc\u2069" * 10_000,
    "lone surrogates": "\ud800\udfff bad" * 10_000,
    "mixed scripts": "плoхо 很差 سيئ ख़राब bad " * 3_000,
    "base64": "QUJDRA" * 11_000,
    "combining": "a" + "\u0301" * 60_000,
    "spaces": " " * 60_000 + "." + "\t" * 60_000,
    "turns": "Agent: a\nCustomer: b\n" * 30_000,
}


@pytest.mark.parametrize(
    ("text", "typed"),
    [(text, typed) for _, _, text, typed in MAILS],
    ids=[f"{language}, {shape}" for language, shape, _, _ in MAILS],
)
def test_of_an_e_mail_only_what_was_typed_is_scored(text: str, typed: str) -> None:
    """Law: in each of 11 languages, quotes, signatures and notices go and every typed word stays."""
    assert strip_mail(text).split() == typed.split()


@pytest.mark.parametrize("text", INTACT)
def test_a_text_that_only_looks_like_a_signature_stays_whole(text: str) -> None:
    """Law: nothing that a customer typed is lost for the sake of a neat end."""
    assert strip_mail(text) == text


def test_a_mail_that_is_nothing_but_an_end_keeps_it() -> None:
    """Law: where nothing else would be left, the words stay."""
    assert strip_mail("Kind regards,\nAna")


def test_only_the_customers_turns_of_a_transcript_count() -> None:
    """Law: the agent's words are not the customer's; a turn may have several lines."""
    text = (
        "[00:01] Agent: Thank you for calling, how wonderful to hear you!\n"
        "[00:07] Customer: My parcel is lost.\nAgain.\n"
        "[00:12] Agent 2: I am happy to help.\n00:15 Customer: I want my money back."
    )
    assert pick_turns(text) == ("My parcel is lost.\nAgain.", "I want my money back.")
    event = ContactEvent(
        event_id="e",
        source="s",
        kind=Kind.MESSAGE,
        customer_id="c",
        channel=Channel.PHONE,
        text=text,
    )
    assert list_parts(event) == ("My parcel is lost.\nAgain.", "I want my money back.")


@pytest.mark.parametrize(
    "text",
    [
        "Customer: I wrote this myself.",
        "Support: never answers.\nI wait.",
        "客户：你好\n再见",
        "nothing",
        "a: b",
    ],
)
def test_a_text_that_names_one_side_only_is_no_transcript(text: str) -> None:
    """Law: without both sides at the starts of lines the whole text counts."""
    assert pick_turns(text) == ()


@pytest.mark.parametrize(
    ("text", "turns"),
    [
        ("Агент: Здравствуйте\nКлиент: Где посылка?", ("Где посылка?",)),
        ("客服：您好\n客户：太慢了", ("太慢了",)),
        ("Agente: Hola\nCliente: No funciona", ("No funciona",)),
        ("الموظف: مرحبا\nالعميل: لم تصل", ("لم تصل",)),
    ],
)
def test_speakers_are_known_in_other_languages_too(text: str, turns: tuple[str, ...]) -> None:
    """Law: the names of both sides are known in the languages of the service."""
    assert pick_turns(text) == turns


@given(st.text(max_size=9_000))
def test_parts_are_bounded_and_lose_nothing_of_a_short_text(text: str) -> None:
    """Law: at most 12 parts of at most 1,500 characters; up to 1,500 characters stay as they are."""
    kept = clean(text)
    parts = split_text(kept)
    assert len(parts) <= MOST_PARTS
    assert all(0 < len(part) <= MOST_CHARACTERS for part in parts)
    if len(kept) <= MOST_CHARACTERS:
        assert "".join(parts) == kept


def test_of_a_long_text_the_beginning_and_the_end_are_scored() -> None:
    """Law: a mood that comes up in the last sentence of many is not cut off."""
    text = "First. " + "Then this happened, and that. " * 2_000 + "I am furious!"
    parts = split_text(text)
    assert parts[0].startswith("First.")
    assert parts[-1].endswith("I am furious!")


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
@pytest.mark.parametrize("channel", [Channel.EMAIL, Channel.CHAT])
def test_hostile_text_is_got_ready_without_a_stall(text: str, channel: Channel) -> None:
    """Law: no exception, clean parts, 50 ms of a usual machine; 5 MB cost no more than 64 K."""
    event = ContactEvent(
        event_id="e", source="s", kind=Kind.MESSAGE, customer_id="c", channel=channel, text=text
    )
    spent = []
    for _ in range(3):  # another process on the machine may hold one of them up
        began = time.process_time()
        parts = list_parts(event)
        spent.append((time.process_time() - began) / find_slowness())
    assert len(parts) <= MOST_PARTS
    assert sum(map(len, parts)) <= MOST_READ
    for part in parts:
        part.encode()  # no lone surrogate is left
    assert min(spent) < 0.05


def test_a_long_complaint_is_not_drowned_by_its_story() -> None:
    """Law: parts with feeling weigh more than parts without."""
    calm, angry = Scored(p_neu=1.0), Scored(p_neg=0.9, p_neu=0.1)
    pooled = pool([calm, calm, calm, angry])
    assert isinstance(pooled, Scored)
    assert pooled.score < -0.9 / 4
    assert pooled.p_neg + pooled.p_neu + pooled.p_pos == pytest.approx(1.0)


def test_pooled_wishes_are_the_surest_and_an_ending_needs_every_part() -> None:
    """Law: one part that asks is enough; one part that goes on keeps the matter open."""
    asks = Scored(p_neu=1.0, wants=((Want.MANAGER, 0.7),), closing=0.1)
    asks_more = Scored(p_neu=1.0, wants=((Want.MANAGER, 0.9), (Want.CALLBACK, 0.6)), closing=0.9)
    pooled = pool([asks, asks_more])
    assert isinstance(pooled, Scored)
    assert dict(pooled.wants) == {Want.MANAGER: 0.9, Want.CALLBACK: 0.6}
    assert pooled.closing == 0.1


def test_parts_that_were_not_scored_count_only_where_there_are_no_others() -> None:
    """Law: unscored parts are left out; a part at which the scorer failed fails the message."""
    mute, glad = Scored(why=LANGUAGE_NOT_SUPPORTED, language="xx"), Scored(p_pos=1.0)
    reject = Reject(RejectCode.SCORE_FAILED, "why")
    assert pool([mute, glad]) == Scored(p_pos=1.0)
    assert pool([mute, mute]) == mute
    assert pool([glad, reject]) is reject
