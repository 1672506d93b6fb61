"""What a person typed in an e-mail: no quotes, no signature, no notice of the mail server.

Quotes are cut by `contact/quotes.py`, which routing uses as well. Signatures and notices are cut
here only, because only a score suffers from them: "Kind regards" and "strictly confidential" have a
tone, and neither is the customer's. Linear in the text; where it is not sure it keeps the words.
"""

from __future__ import annotations

import re
from itertools import pairwise

from services.contact.quotes import strip_reply

MOST_SIGNATURE_LINES = 10
"""Lines below "Kind regards" that a signature may have; with more it is taken for text."""
MOST_SIGNATURE_CHARACTERS = 90
"""Characters that a line of a signature may have, and with it the line that ends a letter."""
MOST_NAME_WORDS = 3
LEAST_NOTICE = 30
"""Characters of the shortest notice, which is in Chinese."""
LEAST_MARKS = 2
"""Different marks that make a paragraph a notice."""

_CLOSINGS = (
    "(?:(?:with )?(?:kind|best|warm|many|my best) (?:regards|wishes)|regards|kindest regards|sincerely"
    "|yours (?:sincerely|faithfully|truly)|sincerely yours|cheers|all the best|best|rgds|br"
    "|с уважением|с наилучшими пожеланиями|всего доброго|с наилучшими|с уважение"
    "|с най-добри пожелания|поздрави|сърдечни поздрави|此致|此致敬礼|敬礼|祝好|顺祝商祺|祝商祺|谢谢"
    "|(?:un )?(?:cordial )?saludos?(?: cordiales?)?|atentamente|muy atentamente|reciba un cordial saludo"
    "|mit freundlichen grüßen|mit freundlichem gruß|mit besten grüßen|freundliche grüße|beste grüße"
    "|viele grüße|liebe grüße|mfg|vg|lg|hochachtungsvoll|gruß|grüße"
    "|cordialement|bien cordialement|bien à vous|salutations|sincères salutations|cdlt"
    "|atenciosamente|com os melhores cumprimentos|melhores cumprimentos|cumprimentos|att"
    "|cordiali saluti|distinti saluti|un saluto|saluti|cordialmente"
    "|مع (?:أطيب )?التحي(?:ة|ات)|تحياتي|وتفضلوا بقبول فائق الاحترام|सादर|धन्यवाद सहित|शुभकामनाओं सहित|भवदीय)"
)
_CLOSING = re.compile(rf"\s*{_CLOSINGS}\s*[,.!،।，。]?\s*", re.IGNORECASE)
_CLOSING_AND_NAME = re.compile(rf"\s*{_CLOSINGS}\s*[,،，]\s*(\S[^,.!?]*)", re.IGNORECASE)
_BLANK = re.compile(r"\n[ \t]*\n")
_MARKS = tuple(
    re.compile(words, re.IGNORECASE)
    for words in (
        (
            "confidential|vertraulich|confidenciales?|confidentiel|confidencial|riservat[oaie]|конфиденциальн"
            "|поверител|保密|机密|سرية|سري |गोपनीय"
        ),
        (
            "addressee|(?:intended|named) recipient|solely for|intended only|destinatari[oa]|destinataire"
            "|empfänger|адресат|получател|收件人|المرسل إليه|प्राप्तकर्ता"
        ),
        (
            "in error|by mistake|por error|por engano|por erro|par erreur|irrtümlich|versehentlich|per errore"
            "|по ошибке|по погрешка|错收|误收|错误收到|عن طريق الخطأ|गलती से"
        ),
        (
            "notify the sender|delete (?:it|this)|elimin(?:e|ar)l[oa]|apague-a|supprimer|löschen|cancellatelo"
            "|удалите|изтрийте|删除|حذفها|हटा दें"
        ),
        (
            "disclaimer|unsubscribe|abmelden|se désinscrire|darse de baja|отписаться|отпишете|退订|avis légal"
            "|please consider the environment"
        ),
    )
)


def strip_mail(text: str) -> str:
    """The typed words of an e-mail; never less than the reply where nothing else would be left."""
    typed = strip_reply(text)
    if "\n" not in typed:
        return typed
    bare = _cut_signature(_cut_notice(typed))
    return bare or typed


def _cut_notice(text: str) -> str:
    """Cut the first paragraph, but not the very first, that reads like a notice, and what follows."""
    starts = [found.end() for found in _BLANK.finditer(text)]
    for start, end in pairwise((*starts, len(text))):
        paragraph = text[start:end]
        if len(paragraph.strip()) < LEAST_NOTICE:
            continue
        if sum(1 for mark in _MARKS if mark.search(paragraph)) >= LEAST_MARKS:
            return text[:start].rstrip()
    return text


def _cut_signature(text: str) -> str:
    """Cut the line that ends a letter and the short lines below it, if nothing but them follows."""
    lines = text.split("\n")
    first = max(1, len(lines) - MOST_SIGNATURE_LINES - 1)
    for at in range(first, len(lines)):
        if len(lines[at]) <= MOST_SIGNATURE_CHARACTERS and _ends_letter(lines, at):
            return "\n".join(lines[:at]).rstrip()
    return text


def _ends_letter(lines: list[str], at: int) -> bool:
    below = [line.strip() for line in lines[at + 1 :] if line.strip()]
    if any(len(line) > MOST_SIGNATURE_CHARACTERS or line[-1] in "?!？！؟" for line in below):
        return False
    if _CLOSING.fullmatch(lines[at]):
        return True
    named = _CLOSING_AND_NAME.fullmatch(lines[at])
    return named is not None and len(named[1].split()) <= MOST_NAME_WORDS
