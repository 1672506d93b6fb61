"""The customer's turns of a transcript that came as one text with the speakers' names in front.

Most platforms send each turn as a message of its own. Some send the whole talk in one:
`Agent: Good morning. / Customer: I want my money back.` Then only the customer's words count.
A text is taken for a transcript only if both sides are named at the starts of its lines.
"""

from __future__ import annotations

import re

_CUSTOMER = (
    "customer|client|caller|guest|visitor|клиент|покупатель|абонент|клиентка|客户|顾客|来电者|用户"
    "|cliente|llamante|kunde|kundin|anrufer|anruferin|client[e]?|appelant|العميل|الزبون|المتصل|ग्राहक"
)
_OURS = (
    "agent|operator|representative|advisor|adviser|support|assistant|bot|system|csr|rep"
    "|агент|оператор|сотрудник|специалист|поддержка|бот|система|служител|консултант|поддръжка"
    "|客服|坐席|座席|机器人|系统|agente|operador|operadora|asesor|asesora|soporte|atendente"
    "|mitarbeiter|mitarbeiterin|berater|beraterin|conseiller|conseillère|agente|operatore|operatrice"
    "|assistenza|الموظف|الوكيل|الدعم|النظام|एजेंट|प्रतिनिधि|सिस्टम"
)
_TURN = re.compile(
    r"[ \t]*(?:[\[(]?\d{1,2}:\d{2}(?::\d{2})?(?:[.,]\d{1,3})?[\])]?[ \t]*[-–]?[ \t]*)?"
    rf"(?:(?P<customer>{_CUSTOMER})|(?:{_OURS}))(?:[ \t]*\d{{1,2}})?[ \t]*[:：][ \t]*",
    re.IGNORECASE,
)


def pick_turns(text: str) -> tuple[str, ...]:
    """What the customer said, turn by turn; empty where the text is no transcript."""
    if ":" not in text and "：" not in text:
        return ()
    turns: list[list[str]] = []
    sides: set[bool] = set()
    hears = False
    for line in text.splitlines():
        found = _TURN.match(line)
        if found is None:
            if hears:
                turns[-1].append(line)
            continue
        hears = found["customer"] is not None
        sides.add(hears)
        if hears:
            turns.append([line[found.end() :]])
    if len(sides) < 2:  # noqa: PLR2004 - both sides
        return ()
    spoken = ("\n".join(lines).strip() for lines in turns)
    return tuple(turn for turn in spoken if turn)
