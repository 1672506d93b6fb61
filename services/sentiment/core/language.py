"""Which language a text is in: what the event says, else a cheap guess by script and small words.

The guess decides one thing only: whether the scorer at hand speaks the language. It is made for
the eleven languages below and prefers to say nothing: a short Latin text without a small word that
tells is of no known language and stays unscored rather than scored by the wrong lexicon.
"""

from __future__ import annotations

import re
from collections import Counter

KNOWN = ("en", "ru", "zh", "bg", "es", "de", "fr", "pt", "it", "ar", "hi")
"""The languages that the guess can name. An event may name any."""

LOOKED_AT = 400
"""Characters of a text that the guess reads; more would not change it."""
LEAST_SCRIPT_SHARE = 0.3
"""Share of a text's letters from which on a script decides; below it, Latin words do."""

_TAG = re.compile(r"[a-z]{2,3}")
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
_SCRIPTS = {
    "han": re.compile("[\u3400-\u4dbf\u4e00-\u9fff]"),
    "kana": re.compile("[\u3040-\u30ff]"),
    "hangul": re.compile("[\uac00-\ud7af]"),
    "arabic": re.compile("[\u0600-\u06ff\u0750-\u077f]"),
    "devanagari": re.compile("[\u0900-\u097f]"),
    "cyrillic": re.compile("[\u0400-\u04ff]"),
    "latin": re.compile("[A-Za-z\u00c0-\u024f]"),
}
_ONE_LANGUAGE = {"han": "zh", "devanagari": "hi", "arabic": "ar"}
_PERSIAN_URDU = re.compile("[\u067e\u0686\u0698\u06af\u0679\u0688\u0691\u06d2\u06cc]")
_RUSSIAN_ONLY = re.compile("[ыэёЫЭЁ]")
_BULGARIAN_SHAPE = re.compile("[^ъ]ъ[бвгджзклмнпрстфхцчшщ]|[а-я]{3}(?:ът|та|те|ото)$")
"""The hard sign as a vowel, and the article at the end of a noun: both as good as never Russian."""
_NEITHER = re.compile("[іїєґўђјљњћџІЇЄҐЎЂЈЉЊЋЏ]")

_SMALL_WORDS = {
    "en": "the and is are was were i you my your it its this that these to of in for not with have"
    " has had be been but on at we they what when why how please can could would will just so do"
    " does did don't didn't can't won't isn't wasn't doesn't i'm i've it's there am if or an as by"
    " from me no still never very too all more any after again about here now out up get got",
    "es": "el la los las de que y en un una por con para no es son está están me mi mis su se lo al"
    " del como pero muy más ya qué cuando porque este esta eso sin sobre gracias hola tengo han ha"
    " he nada nadie todo usted ustedes les le quiero puedo favor desde hace fue era si también",
    "de": "der die das und ist sind nicht ich sie wir ein eine einen einem einer mit für auf zu den"
    " dem des im in es war hat habe haben von bei aus noch nach auch wie was wenn aber schon sehr"
    " mein meine meiner ihr ihre ihnen mir mich bitte danke kein keine seit kann wird oder so dass",
    "fr": "le la les des de du et est sont une un je vous nous il elle pas ne que qui dans pour avec"
    " sur mon ma mes votre vos ce cette c'est j'ai n'ai ai a au aux en mais très plus depuis bonjour"
    " merci être avez avons suis rien toujours encore d'un d'une qu'il l'ai je n'est y on si tout",
    "pt": "o a os as de que e em um uma por com para não é são está estão meu minha meus seu sua se"
    " ao do da dos das no na como mas muito mais já quando porque este esta isso sem sobre obrigado"
    " obrigada olá tenho foi fui era eu você vocês pode podem pelo pela mesmo duas ele ela nada ninguém tudo"
    " desde há até também ainda nem",
    "it": "il lo la gli le di che e in un una uno per con non è sono mi mio mia miei suo sua si al"
    " del della dei delle nel nella come ma molto più già quando perché questo questa senza grazie"
    " ho ha hanno abbiamo sto ancora anche da dal voi vi ci niente nessuno tutto stato buongiorno",
    "bg": "съм сте са се да не ще ли и на за от по с със ми ви ни го ги я но че как какво защо кога този"
    " тази това тези много още вече няма имам имате беше благодаря моля здравейте поръчка поръчката"
    " ме мен аз вие той тя до при след само пак е или ако без към през обаче искам може нищо",
    "ru": "и в не на я что с по это за к но у из от так же для как вы мы он она они мне меня мой моя вас"
    " вам бы ли уже ещё еще нет да или если был была было были спасибо здравствуйте пожалуйста"
    " очень когда почему где чтобы до всё все только ничего никто есть без при после заказ",
}
_WORDS = {language: frozenset(words.split()) for language, words in _SMALL_WORDS.items()}
_BULGARIAN, _RUSSIAN = _WORDS["bg"], _WORDS["ru"]
_LATIN = {language: small for language, small in _WORDS.items() if language not in {"bg", "ru"}}


def choose_language(told: str, text: str) -> str:
    """The language's primary tag: `told` (BCP 47) if the event has one, else a guess, else ``""``."""
    return read_tag(told) or guess_language(text)


def read_tag(told: str) -> str:
    """The primary tag of a BCP 47 tag, or an empty string where it names no language."""
    tag = told.replace("_", "-").partition("-")[0].strip().lower()
    # `und`, `mul` and `zxx` are the tags for not knowing, several and none.
    if _TAG.fullmatch(tag) and tag not in {"und", "mul", "zxx"}:
        return tag
    return ""


def guess_language(text: str) -> str:
    """The primary tag of one of the eleven languages, or ``""`` where nothing tells."""
    head = text[:LOOKED_AT]
    if head.isascii():
        return _guess_latin(_count_words(head))
    letters = {name: len(script.findall(head)) for name, script in _SCRIPTS.items()}
    total = sum(letters.values())
    if total == 0:
        return ""
    script = _find_script(letters, total)
    if script in _ONE_LANGUAGE:
        foreign = script == "arabic" and _PERSIAN_URDU.search(head)
        return "" if foreign else _ONE_LANGUAGE[script]
    if script == "cyrillic":
        return _guess_cyrillic(head, _count_words(head))
    return _guess_latin(_count_words(head)) if script == "latin" else ""


def _count_words(head: str) -> Counter[str]:
    return Counter(_WORD.findall(head.lower().replace("’", "'")))


def _find_script(letters: dict[str, int], total: int) -> str:
    """The script that decides. A Chinese text keeps its brand names; Han with kana is Japanese."""
    if letters["kana"] or letters["hangul"]:
        return "other"
    for script in ("han", "arabic", "devanagari", "cyrillic"):
        if letters[script] / total >= LEAST_SCRIPT_SHARE:
            return script
    return "latin"


def _guess_cyrillic(head: str, words: Counter[str]) -> str:
    """Three letters are Russian only; otherwise the small words tell."""
    if _NEITHER.search(head):
        return ""
    if _RUSSIAN_ONLY.search(head):
        return "ru"
    russian = sum(n for word, n in words.items() if word in _RUSSIAN and word not in _BULGARIAN)
    bulgarian = sum(n for word, n in words.items() if word in _BULGARIAN and word not in _RUSSIAN)
    bulgarian += sum(n for word, n in words.items() if _BULGARIAN_SHAPE.search(word))
    return "bg" if bulgarian > russian else "ru"


def _guess_latin(words: Counter[str]) -> str:
    """The language with the most small words, if it leads; a word of several counts for each."""
    counts = {
        language: sum(n for word, n in words.items() if word in small)
        for language, small in _LATIN.items()
    }
    first, second = sorted(counts, key=lambda language: -counts[language])[:2]
    return first if counts[first] > counts[second] else ""
