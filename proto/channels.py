"""`asyncapi.yaml`: every topic with its keys, headers and messages, from the structs."""  # noqa: INP001 - a script

from __future__ import annotations

from typing import Any

import msgspec
import yaml
from comments import Comments

from services.contact import topics
from services.contact.codec import ROUTER_SOURCE, SENTIMENT_SOURCE
from services.contact.deadletter import State
from services.contact.decision import Decision, DecisionType, Effect
from services.contact.event import ContactEvent, Kind
from services.contact.reading import SENTIMENT_TYPE, SUMMARY_TYPE
from services.contact.reject import RejectCode
from services.contact.sentiment import SentimentScored, SentimentSummary

HEAD = "# Written by proto/generate.py from proto/contact/v1/ and services/contact/. Do not edit.\n"
_REF = "#/components/schemas/{name}"
_BINDING = "0.5.0"
Json = dict[str, Any]


def write_asyncapi(comments: Comments) -> str:
    """The whole document as YAML."""
    document: Json = {
        "asyncapi": "3.0.0",
        "info": {
            "title": "OmniRoute",
            "version": "1.0.0",
            "description": "Contact events in, one routing decision each out. Names take the "
            "prefix of the deployment. All topics have the same number of partitions and "
            "LogAppendTime; keys are partitioned by murmur2.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": topics.JSON_TYPE,
        "channels": _channels(),
        "operations": _operations(),
        "components": {"messages": _messages(), "schemas": _schemas(comments)},
    }
    return HEAD + yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=100)


_CHANNELS: dict[str, tuple[str, tuple[str, ...], str]] = {
    topics.EVENTS: ("What platforms tell.", ("ContactEvent",), "delete"),
    topics.DECISIONS: (
        "What OmniRoute answers; same partition number as the event. Read committed only.",
        ("Decision",),
        "delete",
    ),
    topics.SENTIMENT: (
        "The sentiment of customers' messages, and of each contact at its close; same partition number as the event.",
        ("SentimentScored", "SentimentSummary"),
        "delete",
    ),
    topics.DEADLETTER: (
        "Records that could not be used, as they came, and what became of them.",
        ("DeadLetter", "Settlement"),
        "delete",
    ),
    topics.MEMORY: (
        "The changelog of what is remembered; OmniRoute's own.",
        ("CustomerState", "Marker"),
        "compact",
    ),
    topics.SHADOW: ("What a shadow rule file would have decided.", ("Decision",), "delete"),
}

_OPERATIONS: tuple[tuple[str, str, str, str], ...] = (
    ("readEvents", "receive", topics.EVENTS, "Router and sentiment service read events."),
    ("readSentiment", "receive", topics.SENTIMENT, "The router reads sentiments."),
    ("writeDecisions", "send", topics.DECISIONS, "The router decides."),
    ("writeSentiment", "send", topics.SENTIMENT, "The sentiment service scores."),
    ("writeDeadLetters", "send", topics.DEADLETTER, "Both set aside what they cannot use."),
    ("writeSettlements", "send", topics.DEADLETTER, "`omniroute deadletter` settles letters."),
    ("replayEvents", "send", topics.EVENTS, "`omniroute deadletter replay` sends records again."),
    ("writeMemory", "send", topics.MEMORY, "The router remembers."),
    ("writeShadow", "send", topics.SHADOW, "The router tries a rule file out."),
)


def _name_of(topic: str) -> str:
    return topic.rpartition(".")[2]


def _channels() -> Json:
    return {
        _name_of(topic): {
            "address": topic,
            "description": about,
            "messages": {m: {"$ref": f"#/components/messages/{m}"} for m in messages},
            "bindings": {
                "kafka": {
                    "topic": topic,
                    "topicConfiguration": {"cleanup.policy": [policy]},
                    "bindingVersion": _BINDING,
                }
            },
        }
        for topic, (about, messages, policy) in _CHANNELS.items()
    }


def _operations() -> Json:
    return {
        name: {
            "action": action,
            "channel": {"$ref": f"#/channels/{_name_of(topic)}"},
            "summary": summary,
        }
        for name, action, topic, summary in _OPERATIONS
    }


def _text(about: str, **more: Any) -> Json:
    return {"type": "string", "description": about, **more}


def _headers(names: Json, required: list[str]) -> Json:
    return {"type": "object", "properties": names, "required": required}


def _envelope(kinds: list[str], source: Json, about_id: str) -> Json:
    """The CloudEvents headers of the binary mode."""
    return {
        topics.CE_SPECVERSION: _text("CloudEvents version.", const="1.0"),
        topics.CE_ID: _text(about_id),
        topics.CE_SOURCE: source,
        topics.CE_TYPE: _text("The CloudEvents type.", enum=kinds),
        topics.CE_TIME: _text("When it happened.", format="date-time"),
        topics.CONTENT_TYPE: _text("How the value is written.", default=topics.JSON_TYPE),
        topics.TRACEPARENT: _text("W3C trace context, carried through."),
    }


def _message(name: str, title: str, headers: Json, key: Json, **more: Any) -> Json:
    return {
        "name": name,
        "title": title,
        "contentType": topics.JSON_TYPE,
        "headers": headers,
        "payload": {"$ref": _REF.format(name=name)},
        "bindings": {"kafka": {"key": key, "bindingVersion": _BINDING}},
        **more,
    }


def _messages() -> Json:
    customer = _text("The customer id, UTF-8.")
    required = [topics.CE_SPECVERSION, topics.CE_ID, topics.CE_SOURCE, topics.CE_TYPE]
    kinds = [kind.value for kind in Kind if kind is not Kind.CUSTOMER_LINKED]
    event = _envelope(kinds, _text("The source of the data."), "The event_id of the data.")
    decision = {
        **_envelope(
            [kind.value for kind in DecisionType],
            _text("The router.", const=ROUTER_SOURCE),
            "The decision_id of the data.",
        ),
        topics.EXECUTOR: _text("The platform that acts; the executor of the data."),
        topics.EFFECT: _text("The effect of the data.", enum=[e.value for e in Effect]),
        topics.LIVE_DECISION: _text(
            f"On {topics.SHADOW} only: the decision_id of what was really decided, or empty."
        ),
    }
    scored = _envelope(
        [SENTIMENT_TYPE],
        _text("The sentiment service.", const=SENTIMENT_SOURCE),
        "Source and event_id of the data, joined by a slash.",
    )
    summary = _envelope(
        [SUMMARY_TYPE],
        _text("The sentiment service.", const=SENTIMENT_SOURCE),
        "Source and event_id of the data, joined by a slash.",
    )
    dead = {
        topics.REJECT_CODE: _text("Why.", enum=[code.value for code in RejectCode]),
        topics.REJECT_WHY: _text("A sentence in ASCII, without personal data."),
        topics.REJECT_TOPIC: _text("The topic of the record."),
        topics.REJECT_PARTITION: _text("Its partition, in decimal."),
        topics.REJECT_OFFSET: _text("Its offset, in decimal."),
        topics.REJECT_BY: _text("The service that refused it."),
    }
    settled = {
        topics.SETTLE_STATE: _text(
            "What became of the letter.", enum=[State.REPLAYED.value, State.DROPPED.value]
        ),
        topics.SETTLE_OFFSET: _text("The letter's offset, in decimal; same partition."),
        topics.SETTLE_BY: _text("Who settled it."),
        topics.SETTLE_WHY: _text("Why, in ASCII."),
        topics.SETTLE_TO: _text("Replayed: where the record lies now, topic/partition/offset."),
    }
    prefix = topics.CUSTOMER_KEY_PREFIX.decode()
    return {
        "ContactEvent": _message(
            "ContactEvent", "One fact about one contact", _headers(event, []), customer
        ),
        "Decision": _message(
            "Decision",
            "One routing decision, or a revision of one",
            _headers(decision, [*required, topics.EXECUTOR, topics.EFFECT]),
            customer,
        ),
        "SentimentScored": _message(
            "SentimentScored", "The sentiment of one message", _headers(scored, []), customer
        ),
        "SentimentSummary": _message(
            "SentimentSummary",
            "How a contact sounded, at its close",
            _headers(summary, required),
            customer,
        ),
        "DeadLetter": _message(
            "DeadLetter",
            "A record that could not be used",
            _headers(dead, list(dead)),
            {"description": "As received."},
            contentType="application/octet-stream",
        ),
        "Settlement": _message(
            "Settlement",
            "What became of one dead letter",
            _headers(settled, [topics.SETTLE_STATE, topics.SETTLE_OFFSET, topics.SETTLE_BY]),
            {"description": "None."},
            contentType="application/octet-stream",
        ),
        "CustomerState": _message(
            "CustomerState",
            "What is remembered of one customer; no value: nothing",
            _headers({}, []),
            _text("The customer id behind the prefix.", pattern=f"^{prefix}"),
            contentType="application/msgpack",
        ),
        "Marker": _message(
            "Marker",
            "How far the memory of a partition reaches",
            _headers({}, []),
            _text("The reserved key.", const=topics.MARKER_KEY.decode()),
        ),
    }


def _schemas(comments: Comments) -> Json:
    """The JSON Schema of every struct, with the comments of the contract as descriptions."""
    _, schemas = msgspec.json.schema_components(
        (ContactEvent, Decision, SentimentScored, SentimentSummary), ref_template=_REF
    )
    for name, schema in schemas.items():
        if name in comments:
            schema["description"] = comments[name]
        for field, part in schema.get("properties", {}).items():
            comment = comments.get(f"{name}.{field}")
            if comment is not None and "$ref" not in part:
                part["description"] = comment
    return {
        **schemas,
        "DeadLetter": {"description": "The bytes of the record, unchanged."},
        "Settlement": {"description": "Nothing: all is in the headers."},
        "CustomerState": {
            "description": "A msgpack array; proto/contact/v1/memory.proto gives each place."
        },
        "Marker": {
            "type": "object",
            "description": comments["Marker"],
            "required": [*_MARKER][:_MARKER_REQUIRED],
            "properties": {
                name: {**shape, "description": comments[f"Marker.{name}"]}
                for name, shape in _MARKER.items()
            },
        },
        "RejectCode": {
            "type": "string",
            "description": comments["RejectCode"],
            "enum": [code.value for code in RejectCode],
        },
    }


_MARKER: dict[str, Json] = {
    "format": {"type": "integer"},
    "sequence": {"type": "integer"},
    "lineage": {"type": "string"},
    "partitions": {"type": "integer"},
    "lanes": {"type": "integer"},
    "inputs": {"type": "object", "additionalProperties": {"type": "integer"}},
    "rules_version": {"type": "string"},
    "now": {"type": "integer"},
    "generation": {"type": "integer"},
    "candidate": {"type": "string"},
    "percent": {"type": "number"},
    "effect": {"type": "string", "enum": [effect.value for effect in Effect]},
    "stopped": {"type": "integer"},
}
_MARKER_REQUIRED = 8
"""The first ones are always there."""
