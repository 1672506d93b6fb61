"""Stories told by chat, phone and on social media, and those about what a customer chose."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from services.cli.day.expect import (
    REMEMBERED,
    Expected,
    Revision,
    called,
    kept,
    moved,
    routed,
    stays,
)
from services.cli.day.people import Person
from services.cli.day.script import CRM, Act, Cast, Script, Story
from services.cli.day.stories_mail import ACCEPTED, ALL, NEW_MAIL, SOLVED, STARTED
from services.cli.day.talk import Mail, Talk
from services.contact.decision import Action
from services.contact.event import (
    Channel,
    Choice,
    Consent,
    ConsentState,
    Hours,
    Kind,
    Profile,
    Purpose,
    Strength,
)

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def _chose(script: Script, channel: Channel, **more: object) -> None:
    """The customer says which channel is wanted."""
    fields = {"channel": channel, "source": "customer", **more}
    choice = Choice(**fields)  # type: ignore[arg-type] # the fields are named where it is called
    script.tell(Kind.PREFERENCE_UPDATED, CRM, REMEMBERED, choice=choice)


# ------------------------------------------------------------------------------------- choices
def chose_chat(cast: Cast) -> Story:
    """The customer chose chat and writes an e-mail: answered by chat."""
    script = Script(cast)
    script.introduce(*ALL)
    _chose(script, Channel.CHAT)
    Mail(script).customer(cast.case.ask, moved(Channel.CHAT, choice="stored"))
    return script.end("chose_chat")


def chose_email(cast: Cast) -> Story:
    """The customer chose e-mail and complains in public: answered by e-mail."""
    script = Script(cast)
    script.introduce(Channel.EMAIL, Channel.SOCIAL)
    _chose(script, Channel.EMAIL, strength=script.rng.choice(list(Strength)))
    post = Talk(script, Channel.SOCIAL, "x")
    post.customer(script.rng.choice(cast.words.social), moved(Channel.EMAIL, choice="stored"))
    return script.end("chose_email")


def chose_phone(cast: Cast) -> Story:
    """The customer chose the phone and writes an e-mail: somebody calls."""
    script = Script(cast)
    script.introduce(*ALL)
    _chose(script, Channel.PHONE)
    first = Mail(script).customer(cast.case.ask, called(choice="stored"))
    script.react(first, ACCEPTED, STARTED, SOLVED)
    return script.end("chose_phone")


def chose_for_a_topic(cast: Cast) -> Story:
    """Chat for this matter only: that e-mail moves, another one stays e-mail."""
    script = Script(cast)
    script.introduce(*ALL)
    _chose(script, Channel.CHAT, topic=cast.case.topic)
    Mail(script).customer(cast.case.ask, moved(Channel.CHAT, choice="topic"))
    other = next(c for c in cast.words.cases if c.topic != cast.case.topic)
    Mail(script, other.subject).customer(other.ask, NEW_MAIL, topic=other.topic)
    return script.end("chose_for_a_topic")


def chose_twice(cast: Cast) -> Story:
    """First chat, then e-mail: the latest choice counts."""
    script = Script(cast)
    script.introduce(*ALL)
    _chose(script, Channel.CHAT)
    _chose(script, Channel.EMAIL)
    Mail(script).customer(cast.case.ask, routed(Channel.EMAIL, choice="stored"))
    return script.end("chose_twice")


def choice_ran_out(cast: Cast) -> Story:
    """The choice was for a time that is over: as if there were none."""
    script = Script(cast)
    script.introduce(*ALL)
    _chose(script, Channel.CHAT, until=LONG_AGO)
    Mail(script).customer(cast.case.ask, routed(Channel.EMAIL, choice="default"))
    return script.end("choice_ran_out")


def asked_for_a_call(cast: Cast) -> Story:
    """The e-mail itself asks for a call: that beats the stored choice."""
    script = Script(cast)
    script.introduce(*ALL)
    _chose(script, Channel.EMAIL)
    first = Mail(script).customer(
        script.rng.choice(cast.words.call_me),
        called(choice="asked"),
        requested_channel=Channel.PHONE,
    )
    script.react(first, ACCEPTED, STARTED, SOLVED)
    return script.end("asked_for_a_call")


def chat_name_is_wrong(cast: Cast) -> Story:
    """The message to the chosen chat cannot be delivered: back to e-mail."""
    script = Script(cast)
    script.introduce(*ALL)
    _chose(script, Channel.CHAT)
    first = Mail(script).customer(cast.case.ask, moved(Channel.CHAT))
    revision = Revision(
        of=first,
        actions=(Action.ROUTE, Action.STAY),
        channel=Channel.EMAIL,
        cause="delivery.failed",
    )
    expected = Expected(revises=revision)
    script.react(first, Act(kind=Kind.DELIVERY_FAILED, cause="unknown_address", expected=expected))
    return script.end("chat_name_is_wrong")


def only_facts(cast: Cast) -> Story:
    """What becomes known of a customer is remembered; nobody has to do anything."""
    script = Script(cast)
    script.introduce(*ALL)
    script.tell(
        Kind.CONSENT_UPDATED,
        CRM,
        REMEMBERED,
        consents=(
            Consent(channel=Channel.EMAIL, purpose=Purpose.MARKETING, state=ConsentState.DENIED),
            Consent(channel=Channel.PHONE, state=ConsentState.GRANTED),
        ),
    )
    script.tell(
        Kind.PROFILE_UPDATED,
        CRM,
        REMEMBERED,
        profile=Profile(segment="key", hours=Hours(start=9 * 60, end=18 * 60)),
    )
    return script.end("only_facts")


# ---------------------------------------------------------------------------- chat and handoff
def chat_with_many_lines(cast: Cast) -> Story:
    """A web chat: the first line is queued, every further one stays with its owner."""
    script = Script(cast)
    script.introduce(Channel.CHAT)
    chat = Talk(script, Channel.CHAT, "web")
    lines = list(cast.words.chat.lines)
    script.rng.shuffle(lines)
    chat.customer(script.rng.choice(cast.words.chat.open), routed(Channel.CHAT))
    chat.happen(Kind.CONTACT_ASSIGNED, REMEMBERED, agent_id="agent-7")
    for line in lines[: script.rng.randint(4, len(lines))]:
        chat.customer(line, stays(Channel.CHAT))
    chat.happen(Kind.CONTACT_CLOSED, REMEMBERED)
    return script.end("chat_with_many_lines")


def chat_by_whatsapp(cast: Cast) -> Story:
    """A short talk by messenger, with an answer."""
    script = Script(cast)
    script.introduce(Channel.CHAT)
    chat = Talk(script, Channel.CHAT, "whatsapp")
    chat.customer(script.rng.choice(cast.words.chat.open), routed(Channel.CHAT))
    chat.agent(cast.case.agent[0])
    chat.customer(script.rng.choice(cast.words.chat.lines), kept(Channel.CHAT))
    return script.end("chat_by_whatsapp")


def stranger_in_chat(cast: Cast) -> Story:
    """Nobody knows who writes: the chat keeps the channel it came on."""
    person = _stranger(cast.person)
    script = Script(_as(cast, person))
    chat = Talk(script, Channel.CHAT, "web")
    chat.customer(script.rng.choice(cast.words.chat.open), routed(Channel.CHAT))
    chat.customer(script.rng.choice(cast.words.chat.lines), stays(Channel.CHAT))
    return script.end("stranger_in_chat")


def _stranger(person: Person) -> Person:
    return Person(
        id=f"anon:web:{person.id}",
        name="somebody",
        language=person.language,
        timezone=person.timezone,
        phone="",
        email="",
        chat="",
    )


def _as(cast: Cast, person: Person) -> Cast:
    return Cast(person=person, words=cast.words, case=cast.case, rng=cast.rng, serial=cast.serial)


def away_from_the_bot(cast: Cast) -> Story:
    """The customer had enough of the bot and asks for a person: queued for one."""
    script = Script(cast)
    script.introduce(Channel.CHAT)
    chat = Talk(script, Channel.CHAT, "web")
    for line in cast.words.bot:
        chat.bot(line)
    chat.happen(
        Kind.HANDOFF_REQUESTED,
        routed(Channel.CHAT),
        text=script.rng.choice(cast.words.person),
        language=cast.person.language,
    )
    chat.agent(cast.case.agent[0])
    return script.end("away_from_the_bot")


def callback_form(cast: Cast) -> Story:
    """The form "call me back" on the web site: somebody calls."""
    script = Script(cast)
    script.introduce(*ALL)
    form = Talk(script, Channel.PHONE, "web_form")
    first = form.happen(
        Kind.CALLBACK_REQUESTED,
        called(),
        text=script.rng.choice(cast.words.call_me),
        language=cast.person.language,
    )
    script.react(first, ACCEPTED, STARTED, SOLVED)
    return script.end("callback_form")


def angry_chat(cast: Cast) -> Story:
    """An upset customer in the chat is queued in the chat."""
    script = Script(cast)
    script.introduce(Channel.CHAT)
    chat = Talk(script, Channel.CHAT, "web")
    chat.customer(script.rng.choice(cast.words.angry), routed(Channel.CHAT))
    chat.agent(cast.case.agent[2])
    return script.end("angry_chat")


# ------------------------------------------------------------------------ calls and social media
def rings(cast: Cast) -> Story:
    """A customer who prefers chat rings: the call is taken, for somebody waits on the line."""
    script = Script(cast)
    script.introduce(*ALL)
    _chose(script, Channel.CHAT)
    call = Talk(script, Channel.PHONE)
    call.happen(Kind.CALL_OFFERED, routed(Channel.PHONE))
    for kind in (Kind.CALL_ANSWERED, Kind.CALL_HELD, Kind.CALL_RESUMED, Kind.CALL_ENDED):
        call.happen(kind, REMEMBERED)
    return script.end("rings")


def hangs_up(cast: Cast) -> Story:
    """A call that nobody took in time: queued, then remembered as given up."""
    script = Script(cast)
    script.introduce(Channel.PHONE)
    call = Talk(script, Channel.PHONE)
    call.happen(Kind.CALL_OFFERED, routed(Channel.PHONE))
    call.happen(Kind.CONTACT_QUEUED, REMEMBERED, queue="general")
    call.happen(Kind.CALL_ABANDONED, REMEMBERED)
    return script.end("hangs_up")


def post(cast: Cast) -> Story:
    """A public post without a known choice: answered where it was written."""
    script = Script(cast)
    script.introduce(Channel.SOCIAL)
    talk = Talk(script, Channel.SOCIAL, script.rng.choice(("x", "instagram", "messenger")))
    talk.customer(script.rng.choice(cast.words.social), routed(Channel.SOCIAL))
    talk.agent(cast.case.agent[0])
    return script.end("post")


def forgotten(cast: Cast) -> Story:
    """The customer asks to be forgotten: remembered as that."""
    script = Script(cast)
    script.introduce(*ALL)
    mail = Mail(script)
    mail.customer(cast.case.ask, NEW_MAIL)
    mail.agent(cast.case.agent[0])
    mail.close()
    script.tell(Kind.CUSTOMER_ERASED, CRM, REMEMBERED)
    return script.end("forgotten")


LIVE_STORIES: tuple[tuple[int, Callable[[Cast], Story]], ...] = (
    (4, chose_chat),
    (3, chose_email),
    (1, chose_phone),
    (1, chose_for_a_topic),
    (1, chose_twice),
    (1, choice_ran_out),
    (2, asked_for_a_call),
    (1, chat_name_is_wrong),
    (2, only_facts),
    (4, chat_with_many_lines),
    (3, chat_by_whatsapp),
    (2, stranger_in_chat),
    (2, away_from_the_bot),
    (2, callback_form),
    (3, angry_chat),
    (5, rings),
    (2, hangs_up),
    (5, post),
    (1, forgotten),
)
"""How often each is told in one round, and the story."""
