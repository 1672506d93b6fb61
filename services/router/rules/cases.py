"""A file of cases beside a rule file: what is given, what happens, what is expected.

Tests stand in a file of their own, `routing.tests.yaml` beside `routing.yaml`: the version of the
rules is the hash of their file, and another test must not make another version, nor a reload.
The words are those of the rule file; times are relative, only `at` is a moment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Literal

import msgspec
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from services.contact.decision import Action, Effect, Outcome
from services.contact.event import ConsentState, Kind, Origin
from services.contact.sentiment import Want
from services.router.rules.problem import Code, Path, Problem, Problems, suggest
from services.router.rules.schema import drop_defaults
from services.router.rules.source import read_source
from services.router.rules.structure import check_structure
from services.router.rules.values import ChannelWord, Duration, SpanText, Zone

SUFFIX = ".tests.yaml"
"""`routing.yaml` is tested by `routing.tests.yaml`."""
TELLERS = ("customer", "agent", "bot", "event", "sentiment")
"""An event has exactly one of these."""
_SECOND, _MINUTE = 1_000, 60_000
_DEFAULT_AT = "2026-11-20T10:00:00Z"


def _parse_instant(value: Any) -> int:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        message = "a moment is written with its offset, such as 2026-11-20T10:00:00Z"
        raise PydanticCustomError(Code.WRONG_TYPE.value, "{message}", {"message": message})
    return round(moment.timestamp() * 1000)


def _read_choice(value: Any) -> Any:
    return {"channel": value} if isinstance(value, str) else value


def _words(kind: type[StrEnum]) -> list[str]:
    return [one.value for one in kind if one is not Kind.CUSTOMER_LINKED]


def _one_of(kind: type[StrEnum]) -> Callable[[str], str]:
    """A check that a text is one of the words of an enumeration."""
    words = _words(kind)

    def check(word: str) -> str:
        if word not in words:
            hint = suggest(word, words) or f"; it is one of {', '.join(words)}"
            message = f"there is no `{word}`{hint}"
            raise PydanticCustomError(Code.UNKNOWN_WORD.value, "{message}", {"message": message})
        return word

    return check


Instant = Annotated[
    int,
    BeforeValidator(_parse_instant),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": [_DEFAULT_AT]}),
]
"""Milliseconds since the epoch; written as RFC 3339."""
KindWord = Annotated[str, AfterValidator(_one_of(Kind)), WithJsonSchema({"enum": _words(Kind)})]
OriginWord = Annotated[
    str, AfterValidator(_one_of(Origin)), WithJsonSchema({"enum": _words(Origin)})
]
ConsentWord = Annotated[
    str, AfterValidator(_one_of(ConsentState)), WithJsonSchema({"enum": _words(ConsentState)})
]
ActionWord = Annotated[
    str, AfterValidator(_one_of(Action)), WithJsonSchema({"enum": _words(Action)})
]
OutcomeWord = Annotated[
    str, AfterValidator(_one_of(Outcome)), WithJsonSchema({"enum": _words(Outcome)})
]
EffectWord = Annotated[
    str, AfterValidator(_one_of(Effect)), WithJsonSchema({"enum": _words(Effect)})
]
WantWord = Annotated[str, AfterValidator(_one_of(Want)), WithJsonSchema({"enum": _words(Want)})]
Text = Annotated[str, Field(min_length=1)]


class _Keys(BaseModel):
    model_config: ClassVar[ConfigDict] = ConfigDict(
        extra="forbid", strict=True, frozen=True, use_attribute_docstrings=True
    )


class ChoiceKeys(_Keys):
    """What the customer chose."""

    channel: ChannelWord | None = None
    """The channel."""
    topic: str = ""
    """The choice holds for this topic alone."""
    strength: Literal["prefer", "only"] = "prefer"
    """`only`: no rule overrides it."""
    never: list[ChannelWord] = []
    """Channels on which the customer is never to be met."""


class MoodKeys(_Keys):
    """What is remembered of the customer's sentiment."""

    score: Annotated[float, Field(ge=-1, le=1, strict=False)]
    """Decayed mean, -1 to 1."""
    count: Annotated[int, Field(ge=1)] = 3
    """How many messages it rests on. Default: 3."""
    trend: Annotated[float, Field(ge=-2, le=2, strict=False)] = 0
    """The last messages against that mean, -2 to 2. Default: 0."""


class CustomerKeys(_Keys):
    """What is known of the customer before the story begins."""

    id: Text = "customer-1"
    """The customer's id; `split.<name>` depends on it. Default: customer-1."""
    segment: str = ""
    """Such as key, middle, small."""
    language: str = ""
    """BCP 47."""
    timezone: Zone | None = None
    """IANA time zone."""
    hours: SpanText | None = None
    """When the customer may be called, every day, such as 08:00-12:00."""
    choice: Annotated[ChoiceKeys | None, BeforeValidator(_read_choice)] = None
    """A channel, or a mapping of channel, topic, strength, never."""
    consents: dict[ChannelWord, ConsentWord] = {}
    """Consent to be contacted for service, by channel: granted, denied, unknown."""
    handles: dict[ChannelWord, Text] = {}
    """The customer's addresses, by channel."""
    mood: MoodKeys | None = None
    """What the messages so far sounded like."""


class EventKeys(_Keys):
    """One event in short: exactly one of customer, agent, bot, event, sentiment."""

    customer: Text | None = None
    """The customer writes this text."""
    agent: Text | None = None
    """An agent writes this text."""
    bot: Text | None = None
    """A bot writes this text."""
    event: KindWord | None = None
    """Another kind of event, such as call.offered; `routing.*` reports on the last decision."""
    sentiment: Annotated[float, Field(ge=-1, le=1, strict=False)] | None = None
    """The score of the customer's last message, -1 to 1."""
    confidence: Annotated[float, Field(ge=0, le=1, strict=False)] = 0.9
    """With a sentiment: how sure it is. Default: 0.9."""
    wants: dict[WantWord, Annotated[float, Field(ge=0, le=1, strict=False)]] = {}
    """With a sentiment: what the customer asks for (person, manager, callback, leaving), and how
    sure that is, such as manager: 0.9."""
    after: Duration | None = None
    """Time since the event before. Default: 10m, for a sentiment 2s."""
    read_after: Duration = 0
    """The router reads the event so long after it was received. Default: at once."""
    channel: ChannelWord | None = None
    """Default: that of the event before, else email; for a call phone."""
    sub_channel: str = ""
    """Such as whatsapp, or web for a live chat."""
    contact: Text = "contact-1"
    """The platform's contact; e-mails of one contact answer each other."""
    asks_for: ChannelWord | None = None
    """The channel the customer asks for in this contact."""
    topic: str = ""
    """What it is about."""
    language: str = ""
    """Of the message, BCP 47."""
    queue: str = ""
    """The queue that the platform names."""
    source: Text = "desk/test"
    """The platform account that reports."""
    origin: OriginWord | None = None
    """Who really wrote it, as the platform says."""
    attachments: Annotated[int, Field(ge=0)] = 0
    """How many attachments it has."""
    attributes: dict[str, str] = {}
    """Free values that a rule reads as attributes.<name>."""
    outcome: str = ""
    """With routing.completed."""
    cause: str = ""
    """With routing.failed and delivery.failed, such as no_answer."""

    @property
    def teller(self) -> str:
        """Which of the five it is."""
        return next((name for name in TELLERS if getattr(self, name) is not None), "")

    @property
    def gap_ms(self) -> int:
        """Milliseconds since the event before."""
        if self.after is not None:
            return self.after
        return 2 * _SECOND if self.teller == "sentiment" else 10 * _MINUTE


class Expected(_Keys):
    """What is to be decided; what is not named may be anything."""

    outcome: OutcomeWord | None = None
    """decided, remembered, duplicate or rejected."""
    action: ActionWord | None = None
    """route, callback, move, stay, attach, duplicate or record."""
    channel: ChannelWord | None = None
    """The channel in the end."""
    queue: Text | None = None
    """The queue."""
    rule: Text | None = None
    """The rule that answered, or `default`."""
    path: list[Text] | None = None
    """All rules on the way, from `default` on."""
    priority: Annotated[int, Field(ge=1, le=9)] | None = None
    """1 to 9."""
    reason: Text | None = None
    """A part of the reason."""
    skills: list[Text] | None = None
    """All skills, in order."""
    executor: Text | None = None
    """The platform that has to act."""
    effect: EffectWord | None = None
    """live or none."""
    skips: dict[ChannelWord, Text] | None = None
    """Channels not taken and why; others may be skipped too."""
    fallbacks: list[ChannelWord] | None = None
    """What is tried next."""
    ask_for: list[Text] | None = None
    """What to confirm with the customer."""
    choice_source: Text | None = None
    """asked, stored, topic, observed or default."""
    cause: Text | None = None
    """What led to a revision, or escalation_lapsed."""
    respond_within: Duration | None = None
    """From the receipt of the message, or the opening of the queue, to the target."""
    not_before: Instant | None = None
    """When a callback may begin at the earliest."""
    facts: dict[str, Any] | None = None
    """Facts that the rules read; others may be there too."""


class Expectation(Expected):
    """What is to be decided, and what not."""

    not_: Annotated[Expected | None, Field(alias="not")] = None
    """None of these may be the case."""


class CaseKeys(_Keys):
    """One case: a story and what must come of its last event."""

    name: Text
    """The law as a sentence."""
    at: Instant | None = None
    """The clock when the last event is received. Default: the file's."""
    customer: CustomerKeys | None = None
    """Who it is; what is not named here is as for the whole file."""
    before: list[EventKeys] = []
    """What happened before, oldest first."""
    when: EventKeys
    """The event that is decided."""
    expect: Expectation
    """What must come of it."""


class CaseFile(_Keys):
    """The tests of a rule file."""

    rules: str = ""
    """The rule file, from here. Default: the file of the same name without `.tests`."""
    at: Instant = _parse_instant(_DEFAULT_AT)
    """The clock of every case that names none. Default: 2026-11-20T10:00:00Z, a Friday."""
    customer: CustomerKeys = CustomerKeys()
    """What holds for the customer of every case."""
    tests: Annotated[list[CaseKeys], Field(min_length=1)]
    """The cases."""


class Cases(msgspec.Struct, frozen=True, kw_only=True):
    """A file of cases that loads."""

    keys: CaseFile
    places: Problems

    def customer_of(self, case: CaseKeys) -> CustomerKeys:
        """The customer of a case: the file's, changed by the case's own."""
        own = case.customer
        if own is None:
            return self.keys.customer
        return self.keys.customer.model_copy(
            update={name: getattr(own, name) for name in own.model_fields_set}
        )


def load_cases(text: str, name: str, rules: frozenset[str] | None = None) -> Cases | list[Problem]:
    """Read and check a file of cases; `rules` are the ids that exist, where that is known."""
    problems = Problems(name)
    data = read_source(text, problems)
    if problems.stopped:
        return problems.sorted()
    keys = check_structure(data, problems, CaseFile)
    if keys is not None:
        _check_events(keys, problems)
        if rules is not None:
            _check_rules(keys, rules, problems)
    if keys is None or problems.sorted():
        return problems.sorted()
    return Cases(keys=keys, places=problems)


def build_cases_schema() -> dict[str, Any]:
    """The JSON Schema of a file of cases, for editors."""
    schema = CaseFile.model_json_schema(by_alias=True)
    drop_defaults(schema)
    schema["$defs"]["CustomerKeys"]["properties"]["choice"]["anyOf"].insert(
        0, {"enum": ["phone", "chat", "email", "social"]}
    )
    schema["title"] = "Tests of OmniRoute routing rules"
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _events(keys: CaseFile) -> Iterator[tuple[EventKeys, Path]]:
    for at, case in enumerate(keys.tests):
        for place, event in enumerate(case.before):
            yield event, ("tests", at, "before", place)
        yield case.when, ("tests", at, "when")


def _check_events(keys: CaseFile, problems: Problems) -> None:
    for event, path in _events(keys):
        told = [name for name in TELLERS if getattr(event, name) is not None]
        if len(told) != 1:
            said = " and ".join(told) or "none"
            message = f"an event has exactly one of {', '.join(TELLERS)}, found {said}"
            problems.add(path, Code.WRONG_TYPE, message)


def _check_rules(keys: CaseFile, rules: frozenset[str], problems: Problems) -> None:
    for at, case in enumerate(keys.tests):
        path: Path = ("tests", at, "expect")
        _check_named(case.expect, path, rules, problems)
        if case.expect.not_ is not None:
            _check_named(case.expect.not_, (*path, "not"), rules, problems)


def _check_named(expected: Expected, path: Path, rules: frozenset[str], problems: Problems) -> None:
    named: list[tuple[str, Path]] = [
        (rule, (*path, "path", place)) for place, rule in enumerate(expected.path or ())
    ]
    if expected.rule is not None:
        named.append((expected.rule, (*path, "rule")))
    for rule, here in named:
        if rule not in rules:
            message = f"there is no rule `{rule}`{suggest(rule, rules)}"
            problems.add(here, Code.UNKNOWN_WORD, message)
