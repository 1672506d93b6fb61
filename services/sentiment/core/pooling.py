"""Several parts of one message -> one answer."""

from __future__ import annotations

from collections.abc import Sequence

from services.contact.reject import Reject
from services.contact.sentiment import Want
from services.sentiment.core.scorer import NO_TEXT, Scored, round_shares

CALM = 0.25
"""What a part without any feeling weighs against one that is all feeling, which weighs 1.25.

A complaint of a page is mostly story; the mean over its sentences would call it neutral."""


def pool(answers: Sequence[Scored | Reject]) -> Scored | Reject:
    """The answer for a message from those for its parts, in their order.

    Shares are means weighted by feeling (1 - p_neu). A wish counts where it is surest. A message
    ends the matter only if each of its parts does. One part at which the scorer failed is the
    message's failure; parts that it could not score count only where there are no others.
    """
    if len(answers) == 1:
        return answers[0]
    failed = next((one for one in answers if isinstance(one, Reject)), None)
    if failed is not None:
        return failed
    spoken = [one for one in answers if isinstance(one, Scored) and not one.why]
    if not spoken:
        return answers[0] if answers else Scored(why=NO_TEXT)
    weights = [CALM + 1.0 - one.p_neu for one in spoken]
    total = sum(weights)
    neg = sum(w * one.p_neg for w, one in zip(weights, spoken, strict=True)) / total
    pos = sum(w * one.p_pos for w, one in zip(weights, spoken, strict=True)) / total
    shares = round_shares((neg, 1.0 - neg - pos, pos), spoken[0].language)
    wants: dict[Want, float] = {}
    for one in spoken:
        for want, sure in one.wants:
            wants[want] = max(sure, wants.get(want, 0.0))
    return Scored(
        p_neg=shares.p_neg,
        p_neu=shares.p_neu,
        p_pos=shares.p_pos,
        language=shares.language,
        wants=tuple(sorted(wants.items())),
        closing=min(one.closing for one in spoken),
    )
