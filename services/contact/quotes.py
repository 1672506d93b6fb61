"""What a person typed in a reply: the text without quotes, attributions and signatures.

Own code, for the libraries at hand take a line such as "Thanks, but it still fails" for the
start of a signature and drop the rest, or need a known language. Works line by line in linear
time; it rather keeps a quote than loses what somebody wrote.
"""

from __future__ import annotations

import re

_LINE_LIMIT = 300
"""Characters: an attribution is never longer, even when it is wrapped."""

_WRAPPED = 3
"""Lines that an attribution may take."""

_COLONS = (":", "\uff1a")

_WROTE = re.compile(
    r"\b(?:wrote|writes|schrieb|geschrieben|a écrit|escribió|escribio|escreveu|ha scritto|"
    r"пишет|писал|писала|написал|написала|написа|писа)\b|写道|寫道|كتب|ने लिखा",
    re.IGNORECASE,
)
_OPENS_ATTRIBUTION = re.compile(
    r"\s*(?:(?:On|Am|Le|El|Em|Il|Il giorno|На|Le\s\w+)\s.*\d|\d{1,4}[./\s-]|"
    r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun|пн|вт|ср|чт|пт|сб|вс|нд)[.,]\s|在|于|في|दिनांक)",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"<[^<>\s]+@[^<>\s]+>")
_DIVIDER = re.compile(
    r"\s*(?:-{2,}|_{2,}|={2,})\s*(?:original message|forwarded message|ursprüngliche nachricht|"
    r"weitergeleitete nachricht|message d'origine|message transféré|mensaje original|"
    r"mensaje reenviado|mensagem original|mensagem encaminhada|messaggio originale|"
    r"messaggio inoltrato|исходное сообщение|пересылаемое сообщение|оригинално съобщение|"
    r"препратено съобщение|原始邮件|转发的邮件|الرسالة الأصلية|मूल संदेश)",
    re.IGNORECASE,
)
_RULE = re.compile(r"\s*[_]{10,}\s*$")
_FROM_LINE = re.compile(
    r"[\s*]*(?:From|Von|De|Da|От|От кого|发件人|寄件者|من|प्रेषक)[\s*]*[:\uff1a]", re.IGNORECASE
)
_HEADER_LINE = re.compile(
    r"[\s*]*(?:From|Sent|To|Cc|Subject|Date|Von|Gesendet|An|Betreff|Datum|De|Envoyé|À|Objet|"
    r"Enviado|Enviado el|Para|Asunto|Assunto|Data|Da|Inviato|A|Oggetto|От|От кого|Отправлено|"
    r"Кому|Тема|Дата|Изпратено|До|Относно|发件人|发送时间|收件人|主题|寄件者|收件者|主旨|日期|"
    r"من|إلى|الموضوع|التاريخ|प्रेषक|प्रति|विषय|दिनांक)[\s*]*[:\uff1a]",
    re.IGNORECASE,
)
_DEVICE = re.compile(
    r"\s*(?:Sent (?:from|with|via) |Get Outlook for |Von meinem \w+ gesendet|Gesendet (?:von|mit) |"
    r"Envoyé (?:de|depuis) |Enviado (?:desde|do|a partir do|de) |Inviato (?:da|dal) |"
    r"Отправлено (?:с|из) |Изпратено от |发自我的|从我的|发送自|أرسلت من|مرسل من|तُرسل|मेरे .* से भेजा)",
    re.IGNORECASE,
)


def strip_reply(text: str, limit: int = 0) -> str:
    """The typed part of `text`. With `limit`, it stops once more than that is kept.

    Quoted lines (`>`) and the line that names their author go; an attribution without `>`
    below it, a divider, a block of From:/Sent:/To: lines or `-- ` ends the message.
    """
    if "\n" not in text and "\r" not in text:
        return "" if text.lstrip().startswith(">") else text.strip()
    lines = text.splitlines()
    kept: list[str] = []
    size = 0
    at = 0
    while at < len(lines):
        line = lines[at]
        bare = line.strip()
        if bare.startswith(">"):
            at += 1
            continue
        if bare in {"--", "—"} or (_may_end(bare) and _ends_message(lines, at, bare)):
            break
        span = _attribution(lines, at, bare)
        if span:
            at += span
            if not _quote_follows(lines, at):
                break
            continue
        if not _is_device_line(bare):
            kept.append(line.rstrip())
            size += len(bare)
            if limit and size > limit:
                break
        at += 1
    return "\n".join(kept).strip()


def _may_end(bare: str) -> bool:
    """Without one of these no divider, rule or header begins; most lines of a hostile text have none."""
    return bare.startswith(("-", "_", "=")) or _has_colon(bare)


def _has_colon(text: str) -> bool:
    return ":" in text or "\uff1a" in text


def _ends_message(lines: list[str], at: int, bare: str) -> bool:
    if bare[:2] in {"--", "__", "=="} and _DIVIDER.match(bare[:_LINE_LIMIT]):
        return True
    return _opens_headers(lines, at + 1 if _RULE.match(bare[:_LINE_LIMIT]) else at)


def _opens_headers(lines: list[str], at: int) -> bool:
    """A From: line with at least two more header lines right below (Outlook's quote)."""
    if at >= len(lines) or not _FROM_LINE.match(lines[at][:_LINE_LIMIT]):
        return False
    below = [line for line in lines[at + 1 : at + 6] if line.strip()][:4]
    return sum(1 for line in below if _HEADER_LINE.match(line[:_LINE_LIMIT])) > 1


def _attribution(lines: list[str], at: int, bare: str) -> int:
    """How many lines, from this one on, say who wrote the quote below; 0 if none do."""
    # The colons are looked for first: that is cheaper than what follows.
    ahead = " ".join(lines[at : at + _WRAPPED])
    if not bare or len(bare) > _LINE_LIMIT or not _has_colon(ahead):
        return 0
    if not (_OPENS_ATTRIBUTION.match(bare) or bare.endswith(_COLONS)):
        return 0
    joined = bare
    for more in range(_WRAPPED):
        if more:
            if at + more >= len(lines) or not lines[at + more].strip():
                return 0
            joined = f"{joined} {lines[at + more].strip()}"
        if len(joined) > _LINE_LIMIT:
            return 0
        if joined.endswith(_COLONS):
            return more + 1 if _names_author(joined) else 0
    return 0


def _names_author(line: str) -> bool:
    """A date or number, and a "wrote" or an address in angle brackets."""
    has_digit = any(char.isdigit() for char in line)
    return has_digit and bool(_WROTE.search(line) or _ADDRESS.search(line))


def _quote_follows(lines: list[str], at: int) -> bool:
    for line in lines[at : at + 3]:
        if line.strip():
            return line.lstrip().startswith(">")
    return False


def _is_device_line(bare: str) -> bool:
    return len(bare) <= 80 and _DEVICE.match(bare) is not None  # noqa: PLR2004 - one short line
