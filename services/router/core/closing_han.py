"""Closing messages in Chinese: the law of `closing.py` over characters, for there are no spaces."""

from __future__ import annotations

import re

from services.router.core.closing_phrases import PHRASES, Phrases
from services.router.core.phrase_grammar import BREAKS, CLOSING, Kind, expand, fold, kinds_of

HAN = re.compile("[\u4e00-\u9fff]")
"""A Chinese character."""

_HANBREAKS = re.compile(rf"[\s{BREAKS}、~-]+")
_SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
_HAN_NAME = re.compile(
    rf"(?:小|老)?[{_SURNAMES}][\u4e00-\u9fff]{{0,2}}?(?:先生|女士|小姐|经理|老师|工|总)"
)
_HAN_LITTLE = re.compile(rf"小[{_SURNAMES}]")
_HAN_SIGNATURE = re.compile(rf"[{_SURNAMES}][\u4e00-\u9fff]{{1,2}}")


def closes_han(body: str) -> bool:
    """The same law over characters: phrases have to cover every segment."""
    lines = [line for line in body.split("\n") if line.strip()]
    seen = Kind.NONE
    for number, line in enumerate(lines):
        for part in _HANBREAKS.split(line):
            if not part:
                continue
            if part.startswith(_HAN_ASKS):
                return False
            kinds = _read_han(fold(part))
            if kinds is None:
                if number == 0 or number < len(lines) - 1 or not _HAN_SIGNATURE.fullmatch(part):
                    return False
                continue
            seen |= kinds
    if seen & Kind.AFFIRM and not seen & Kind.SOLVED:
        return False
    return bool(seen & CLOSING)


def _read_han(part: str) -> int | None:
    reached: dict[int, int] = {0: Kind.NONE}
    for at in range(len(part)):
        if at not in reached:
            continue
        ends = [
            (at + len(phrase), kind)
            for phrase, kind in _HAN_PHRASES.get(part[at], ())
            if part.startswith(phrase, at)
        ]
        names = (_HAN_NAME.match(part, at), _HAN_LITTLE.match(part, at))
        ends += [(name.end(), Kind.FILL) for name in names if name]
        for end, kind in ends:
            reached[end] = reached.get(end, Kind.NONE) | reached[at] | kind
    return reached.get(len(part))


def _compile_han(phrases: Phrases) -> dict[str, tuple[tuple[str, int], ...]]:
    """Every phrase by its first character."""
    found: dict[str, list[tuple[str, int]]] = {}
    for kind, templates in kinds_of(phrases):
        for phrase in expand(templates):
            found.setdefault(phrase[0], []).append((fold(phrase), kind))
    return {first: tuple(group) for first, group in found.items()}


_HAN_PHRASES = _compile_han(PHRASES["zh"])
_HAN_ASKS = tuple(expand(PHRASES["zh"].asks))
