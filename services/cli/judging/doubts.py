"""Dead letters that only the router can know of are believed, but not blindly.

A record whose state or decisions do not fit, or on which the core failed, becomes a dead letter
for a reason that does not lie in the record. The fold takes such a letter as given and asks here
whether the core, in its place, has grounds for it.
"""

from __future__ import annotations

from services.contact.codec import encode_decision
from services.contact.reject import RejectCode
from services.router.core.customer import MAX_STATE_BYTES, pack
from services.router.core.decide import Verdict

BY_THE_SHELL = frozenset(
    {RejectCode.STATE_TOO_LARGE, RejectCode.OUTPUT_TOO_LARGE, RejectCode.DECIDE_FAILED}
)
"""Codes of such letters."""
ROOM = 1024
"""Bytes that headers, keys and Kafka's own framing take beside a value, at most."""


def doubt(code: RejectCode, verdict: Verdict, limit: int | None) -> str:
    """Why a letter is not believed; empty if it may be right.

    `verdict` is the core's on the same record, `limit` the least `max.message.bytes` of the topics
    that we write, None where the broker does not tell it.
    """
    if code is RejectCode.DECIDE_FAILED:
        failed = verdict.reject is not None and verdict.reject.code is RejectCode.DECIDE_FAILED
        return "" if failed else "the core decides this record without any trouble"
    state = 0 if verdict.customer is None else len(pack(verdict.customer))
    if code is RejectCode.STATE_TOO_LARGE:
        return "" if state > MAX_STATE_BYTES else f"the state has {state} bytes only"
    sizes = [len(encode_decision(decision).value or b"") for decision in verdict.decisions]
    largest = max(state, *sizes, sum(sizes))
    if limit is None or largest + ROOM > limit:
        return ""
    return f"what the core would write has {largest} bytes at most, the topics take {limit}"
