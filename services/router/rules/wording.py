"""What a decision says, in words for people; no address stands in them in clear."""

from __future__ import annotations

from services.contact.decision import Action, Fact
from services.router.core import reach
from services.router.core.capacity import CAPACITY

SKIPS = {
    reach.CONSENT_REFUSED: "the customer does not consent to being contacted there",
    reach.CONSENT_UNKNOWN: "no consent is known, and the rule file takes that as a refusal",
    reach.CUSTOMER_REFUSES: "the customer wants never this channel, or only another",
    reach.NO_ADDRESS: "no address of the customer is known there",
    reach.ADDRESS_FAILED: "the address that is known there has failed",
    reach.CLOSED: "the queue's and the customer's hours do not meet within `max_wait`",
    reach.TRIED: "it was tried in vain",
    CAPACITY: "the queue has been given as many contacts as its `at_most` says",
}
"""Why a channel was not taken."""
REMEDIES = {
    reach.CONSENT_REFUSED: "the customer would have to consent (consent.updated)",
    reach.CONSENT_UNKNOWN: "the customer would have to consent (consent.updated), or the rule file"
    " to say `unknown_consent: granted`",
    reach.CUSTOMER_REFUSES: "the customer would have to choose otherwise (preference.updated), or"
    " ask for it in this very contact",
    reach.NO_ADDRESS: "an address would have to be known (profile.updated)",
    reach.ADDRESS_FAILED: "another address would have to be known (profile.updated)",
    reach.CLOSED: "the queue would need other `hours` or the rule a longer `max_wait`",
    CAPACITY: "the queue would need a greater `at_most`, or less work before this",
    reach.TRIED: "nothing: what failed once is not tried again for the same message",
}
"""What would have to differ for it to be taken."""
CHOICES = {
    "asked": "the customer asked for it in this contact",
    "stored": "the customer chose it once and for all",
    "topic": "the customer chose it for this topic",
    "observed": "the customer's habit",
    "default": "no choice is known: the channel that was used",
}
"""Where the chosen channel came from."""
ACTIONS = {
    Action.ROUTE: "queue the contact where it is",
    Action.CALLBACK: "call the customer",
    Action.MOVE: "answer on another channel",
    Action.STAY: "leave it with its owner",
    Action.ATTACH: "add it to the escalation that is open",
    Action.DUPLICATE: "nothing: the same message came before",
    Action.RECORD: "file it; no work",
}
"""What is to be done."""


def say_fact(value: Fact) -> str:
    """The value of a fact."""
    if value is None:
        return "absent"
    if isinstance(value, bool):
        return "true" if value else "false"
    return f'"{value}"' if value == "" else str(value)
