"""Every topic, key and header name, once. Nothing else in the project spells them."""

from __future__ import annotations

import msgspec

EVENTS = "contact.events"
DECISIONS = "contact.decisions"
SENTIMENT = "contact.sentiment"
DEADLETTER = "contact.deadletter"
MEMORY = "contact.memory"
SHADOW = "contact.shadow"
ALL = (EVENTS, DECISIONS, SENTIMENT, DEADLETTER, MEMORY, SHADOW)

CUSTOMER_KEY_PREFIX = b"c/"
"""Keys of `contact.memory`: this prefix and the UTF-8 customer id."""
MARKER_KEY = b"m/marker"
"""The reserved key of `contact.memory`: the last record of each partition in a transaction."""

# -- CloudEvents 1.0, Kafka protocol binding
CE_SPECVERSION = "ce_specversion"
CE_ID = "ce_id"
CE_SOURCE = "ce_source"
CE_TYPE = "ce_type"
CE_TIME = "ce_time"
CONTENT_TYPE = "content-type"
TRACEPARENT = "traceparent"
TRACESTATE = "tracestate"
JSON_TYPE = "application/json"
PROTOBUF_TYPE = "application/protobuf"
STRUCTURED_PREFIX = "application/cloudevents"

# -- headers of decisions
EXECUTOR = "omniroute-executor"
EFFECT = "omniroute-effect"
LIVE_DECISION = "omniroute-live-decision"
"""On `contact.shadow` only: the id of the decision that was really made; empty if there was none."""

# -- headers of dead letters
REJECT_CODE = "omniroute-reject-code"
REJECT_WHY = "omniroute-reject-why"
REJECT_TOPIC = "omniroute-reject-topic"
REJECT_PARTITION = "omniroute-reject-partition"
REJECT_OFFSET = "omniroute-reject-offset"
REJECT_BY = "omniroute-reject-by"

# -- headers of settlements, on the same topic: what became of a dead letter
SETTLE_STATE = "omniroute-settle-state"
SETTLE_OFFSET = "omniroute-settle-offset"
SETTLE_BY = "omniroute-settle-by"
SETTLE_WHY = "omniroute-settle-why"
SETTLE_TO = "omniroute-settle-to"


class Topics(msgspec.Struct, frozen=True):
    """The topic names of one deployment: each name above with its prefix."""

    prefix: str = ""

    def name(self, topic: str) -> str:
        """The deployed name of one of the topics above."""
        return f"{self.prefix}{topic}"

    @property
    def events(self) -> str:
        """Where platforms write."""
        return self.name(EVENTS)

    @property
    def decisions(self) -> str:
        """Where executors read."""
        return self.name(DECISIONS)

    @property
    def sentiment(self) -> str:
        """What the sentiment service writes and the router reads."""
        return self.name(SENTIMENT)

    @property
    def deadletter(self) -> str:
        """The bytes as they came, with the cause in headers."""
        return self.name(DEADLETTER)

    @property
    def memory(self) -> str:
        """The compacted changelog of what is remembered."""
        return self.name(MEMORY)

    @property
    def shadow(self) -> str:
        """What a shadow rule file would have decided."""
        return self.name(SHADOW)
