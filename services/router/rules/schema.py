"""The keys of a rule file: their types, meanings and defaults, and the JSON Schema made of them.

This file is the only place where a key is named. A key's description is what an editor shows on
hover; `docs/rules.md` explains each, and a test keeps the three together.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

from services.router.core.expression import EXPRESSION_LIMIT
from services.router.core.facts import CATALOGUE, FactSpec, FactType
from services.router.core.matchers import PATTERN_LIMIT
from services.router.rules.conditions import CEL, COMBINATORS, DATES, MATCHERS, fitting
from services.router.rules.values import (
    Address,
    Duration,
    Holidays,
    HoursByDay,
    Name,
    QueueZone,
    Rate,
    RuleId,
    Target,
    Zone,
)

MAX_FALLBACKS = 3
MAX_RULES = 2_000
MAX_RULE_DEPTH = 8
_SECOND, _HOUR, _DAY = 1_000, 3_600_000, 86_400_000


class _Keys(BaseModel):
    """A mapping with known keys only, whose values are not converted."""

    model_config: ClassVar[ConfigDict] = ConfigDict(
        extra="forbid", strict=True, frozen=True, use_attribute_docstrings=True
    )


class Executors(_Keys):
    """The platform that owns each channel."""

    phone: Name = ""
    """Carries out decisions on the phone."""
    chat: Name = ""
    """Carries out decisions on chat."""
    email: Name = ""
    """Carries out decisions by e-mail."""
    social: Name = ""
    """Carries out decisions on social networks."""


class Settings(_Keys):
    """What holds for every rule."""

    timezone: Zone = "UTC"
    """The centre's IANA time zone, used where the customer's is not known. Default: UTC."""
    ours: list[Address] = []
    """Our own addresses and domains; a message from one was written by our side."""
    executors: Executors = Executors()
    """The platform that carries out decisions, by the channel it owns."""
    stale_after: Duration = 60 * _SECOND
    """A live contact older than this is recorded, not routed. Default: 60s."""
    reopen_within: Duration = 72 * _HOUR
    """A close resets the exchanges only if the customer stays silent so long. Default: 72h."""
    idle_window: Duration = 30 * _DAY
    """After so much silence a thread starts again at no exchanges. Default: 30d."""
    revise_within: Duration = 60 * _SECOND
    """How long a new mood or a late message may revise a decision. Default: 60s."""
    revise_at_most: Annotated[int, Field(ge=0, le=10)] = 2
    """How often a decision may be so revised, 0 to 10. Default: 2."""
    unknown_consent: Literal["granted", "denied"] = "granted"
    """What a missing consent means for service on an address the customer gave."""
    address_in_clear: bool = True
    """Put the customer's address into decisions, not only its reference? Default: true."""


class QueueKeys(_Keys):
    """One queue."""

    hours: HoursByDay = {}
    """`always` (the default), or spans such as 08:00-20:00 by weekday, mon to sun or a range."""
    holidays: Holidays = {}
    """Days with other hours, by date: `closed`, or spans such as 08:00-12:00."""
    timezone: QueueZone = ""
    """Whose clock the hours mean: `customer` or an IANA zone. Default: the centre's."""
    executor: Name = ""
    """The platform that runs this queue. Default: the one of the decision's channel."""
    at_most: Rate = (0, 0)
    """It is given no more contacts than this, such as 200/h; live ones are not counted."""


class RespondWithin(_Keys):
    """How soon we answer, by the channel of the answer."""

    phone: Duration = 0
    """On a call."""
    chat: Duration = 0
    """In a chat."""
    email: Duration = 0
    """By e-mail."""
    social: Duration = 0
    """On a social network."""
    callback: Duration = 0
    """When we call the customer."""


class RouteKeys(_Keys):
    """The values of a node; what it does not name it has from its parent."""

    channel: Target = "chosen"
    """The channel to answer on: chosen (by the customer), same (as used) or a channel by name."""
    queue: Name = "general"
    """The queue; it stands under `queues`. Default at the root: general."""
    priority: Annotated[int, Field(ge=1, le=9)] = 5
    """1 (most urgent) to 9. Default at the root: 5."""
    skills: Annotated[list[Name], Field(max_length=8)] = []
    """What the person who takes it must be able to do; replaces the parent's list."""
    respond_within: RespondWithin = RespondWithin()
    """How soon we answer, by channel and `callback`; the parent's other targets stay."""
    fallback: Annotated[list[Target], Field(max_length=MAX_FALLBACKS)] = ["chosen", "same"]
    """Tried in order when the channel cannot be used or failed; at most three."""
    expires_after: Duration = 24 * _HOUR
    """How long a decision waits for somebody to start. Default at the root: 24h."""
    max_wait: Duration = 72 * _HOUR
    """How long a callback may wait for opening hours. Default at the root: 72h."""
    reason: Annotated[str, Field(min_length=1, max_length=200)] = ""
    """One sentence for the people who read the decision."""
    reroute: bool = False
    """May it route a contact again that is already routed or owned? Default: false."""
    effect: Literal["live", "none"] = "live"
    """`none` publishes decisions for show only: nobody acts on them. Default: live."""
    routes: list[Rule] = []
    """The rules below this node, in order; the first that matches refines it."""


_NAMED = {"type": "string", "pattern": r"^\$"}
"""A list by its name."""


def _matcher_schema(name: str, spec: FactSpec) -> dict[str, Any]:
    value = _value_schema(spec)
    shapes: dict[str, dict[str, Any]] = {
        "eq": {"anyOf": [value, {"type": "null"}]},
        "in": {"anyOf": [{"type": "array", "items": value, "minItems": 1}, _NAMED]},
        "between": {"type": "array", "items": value, "minItems": 2, "maxItems": 2},
        "matches": {"type": "string", "maxLength": PATTERN_LIMIT},
    }
    allowed = fitting(name, spec)
    keys: dict[str, Any] = {
        key: {**shapes.get(key, value), "description": meaning}
        for key, meaning in MATCHERS.items()
        if key in allowed
    }
    for key, meaning in COMBINATORS.items():
        keys[key] = {"description": meaning, **({} if key == "not" else {"type": "array"})}
    mapping = {
        "type": "object",
        "properties": keys,
        "additionalProperties": False,
        "minProperties": 1,
    }
    several = shapes["in"]["anyOf"]
    plain = [value, mapping] if spec.type is FactType.FLAG else [value, *several, mapping]
    return {"anyOf": plain}


def _value_schema(spec: FactSpec) -> dict[str, Any]:
    if spec.words:
        return {"enum": list(spec.words)}
    names = {FactType.FLAG: "boolean", FactType.NUMBER: "number", FactType.WHOLE: "integer"}
    return {"type": names.get(spec.type, "string")}


def _fact_schema(name: str, spec: FactSpec) -> dict[str, Any]:
    """What a fact may be asked; facts of the same open type share one definition."""
    if spec.words or name in DATES:
        return {"description": spec.meaning, **_matcher_schema(name, spec)}
    return {"description": spec.meaning, "$ref": f"#/$defs/{_definition(spec.type)}"}


def _definition(kind: FactType) -> str:
    return f"Asked{kind.value.capitalize()}"


def _when_schema() -> dict[str, Any]:
    text = {"$ref": f"#/$defs/{_definition(FactType.TEXT)}"}
    flag = {"$ref": f"#/$defs/{_definition(FactType.FLAG)}"}
    whole = {"$ref": f"#/$defs/{_definition(FactType.WHOLE)}"}
    again = {"$ref": "#/$defs/When"}
    return {
        "type": "object",
        "description": "What must hold: facts with values or matchers, combined by all, any, not.",
        "minProperties": 1,
        "properties": {
            **{name: _fact_schema(name, spec) for name, spec in CATALOGUE.items()},
            "all": {"type": "array", "items": again, "description": COMBINATORS["all"]},
            "any": {"type": "array", "items": again, "description": COMBINATORS["any"]},
            "not": {**again, "description": COMBINATORS["not"]},
            CEL: {
                "type": "string",
                "maxLength": EXPRESSION_LIMIT,
                "description": "An expression (CEL) over the facts that must give true.",
            },
        },
        "patternProperties": {
            r"^attributes\..+": {"description": "A free attribute of the event.", **text},
            r"^once\..+": {"description": "The rule with this id has fired before.", **flag},
            r"^split\..+": {"description": "A stable share of the customers, 0 to 99.", **whole},
        },
        "additionalProperties": False,
    }


class Rule(RouteKeys):
    """One rule: a condition and what it changes of its parent."""

    id: RuleId
    """Names the rule in decisions and figures: small letters, digits and `-`; unique."""
    when: Annotated[dict[str, Any], WithJsonSchema({"type": "object"})]
    """What must hold for this rule; all facts named must."""
    once_per: Literal["thread", "contact", "customer"] = "thread"
    """Fire once for each thread, contact or customer, refinements included. Default: always."""


class RuleFile(_Keys):
    """A whole rule file."""

    settings: Settings = Settings()
    """What holds for every rule: time zone, our addresses, executors, limits."""
    queues: dict[Name, QueueKeys] = {}
    """The queues by name; `general` is always there."""
    lists: dict[Name, Annotated[list[str | int | float], Field(min_length=1)]] = {}
    """Lists by name; a condition takes one as `in: $name`."""
    route: RouteKeys
    """The root of the tree: the defaults, and the rules under `routes`."""


def build_json_schema() -> dict[str, Any]:
    """The JSON Schema of a rule file, for editors and other tools."""
    schema = RuleFile.model_json_schema()
    drop_defaults(schema)
    schema["$defs"]["When"] = _when_schema()
    for kind in (FactType.TEXT, FactType.FLAG, FactType.NUMBER, FactType.WHOLE):
        schema["$defs"][_definition(kind)] = _matcher_schema("", FactSpec(kind, ""))
    when = schema["$defs"]["Rule"]["properties"]["when"]
    when["$ref"] = "#/$defs/When"
    del when["type"]
    schema["title"] = "OmniRoute routing rules"
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def drop_defaults(part: Any) -> None:
    """Defaults are in words: below the root they are the parent's, and durations are text."""
    if isinstance(part, dict):
        part.pop("default", None)
        part.pop("title", None)
        part = list(part.values())
    if isinstance(part, list):
        for value in part:
            drop_defaults(value)
