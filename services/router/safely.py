"""Decides beside the lanes: for files and for the page, where a defect must cost one input and no more.

The lanes have their own way (`folding.py`): there a defect is logged, and is a dead letter.
"""

from __future__ import annotations

from services.contact.decision import Outcome, Position
from services.contact.reject import Reject, RejectCode
from services.router.core.customer import Customer
from services.router.core.decide import Verdict, decide
from services.router.core.table import Table
from services.router.folding import Word


def decide_safely(
    table: Table,
    customer: Customer | None,
    word: Word,
    now: int,
    *,
    position: Position | None = None,
) -> Verdict:
    """The core's word; where it fails the input is rejected, as in the service."""
    try:
        return decide(table, customer, word, now, position)
    except Exception as defect:  # noqa: BLE001  # a defect of ours costs one record
        why = f"a defect of ours: {type(defect).__name__}"
        reject = Reject(RejectCode.DECIDE_FAILED, why)
        return Verdict(customer, changed=False, outcome=Outcome.REJECTED, reject=reject)
