"""The settings of the sentiment service: those that both services share, and its own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from services.runtime.settings import (
    ServiceSettings,
    SettingsError,
    Variable,
    read_service_settings,
    read_variables,
)
from services.sentiment.core.language import read_tags

SERVICE = "sentiment"
DEFAULT_HTTP = "127.0.0.1:8081"
"""The router's pages are one port below."""
AGENTS = "OMNIROUTE_SENTIMENT_AGENTS"
ON, OFF = "on", "off"
OVERLAY = "OMNIROUTE_SENTIMENT_OVERLAY"
MODEL = "OMNIROUTE_SENTIMENT_MODEL"
LANGUAGES = "OMNIROUTE_SENTIMENT_MODEL_LANGUAGES"

OWN: tuple[Variable, ...] = (
    Variable(
        AGENTS,
        OFF,
        "`on`: what agents write is scored as well; the EU AI Act, Art. 5(1)(f), restricts inferring"
        " emotions at work",
        one_of=(OFF, ON),
    ),
    Variable(
        OVERLAY,
        "",
        "a file of calibrations, and of phrases that move the score (`docs/sentiment.md`); read again when"
        " it changes",
    ),
    Variable(
        MODEL,
        "",
        "a folder with another model: one that `make train` wrote, or an ONNX text classifier"
        " (`docs/sentiment.md`); empty: the packaged one",
    ),
    Variable(
        LANGUAGES,
        "",
        "languages in which an ONNX model scores, comma separated, such as `en,de`; the packaged one"
        " scores the others; empty: it scores in every language",
    ),
)
"""The variables that only this service has."""


class SentimentSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What the sentiment service needs to run."""

    service: ServiceSettings
    agents: bool
    """Whether agents' messages are scored."""
    overlay: str
    """A file of calibrations and phrases; empty: none."""
    model: Path | None = None
    """The folder of another model than the packaged one."""
    languages: tuple[str, ...] = ()
    """Primary tags of those in which it scores, if it is an ONNX model; empty: every one."""


def read_settings(environment: Mapping[str, str]) -> SentimentSettings:
    """The settings in force; raises `SettingsError` with every mistake."""
    mistakes: list[str] = []
    values = {variable.name: variable.default for variable in OWN}
    service: ServiceSettings | None = None
    try:
        service = read_service_settings(SERVICE, environment, http=DEFAULT_HTTP)
    except SettingsError as wrong:
        mistakes.append(str(wrong))
    try:
        values = read_variables(OWN, environment)
    except SettingsError as wrong:
        mistakes.append(str(wrong))
    languages, wrong_tags = read_tags(values[LANGUAGES])
    mistakes += [
        f"{LANGUAGES}: {tag!r} is no language tag such as en or pt-BR" for tag in wrong_tags
    ]
    if (languages or wrong_tags) and not values[MODEL]:
        mistakes.append(f"{LANGUAGES} says in which languages the model of {MODEL} scores: name it")
    if mistakes or service is None:
        raise SettingsError("\n".join(mistakes))
    return SentimentSettings(
        service=service,
        agents=values[AGENTS] == ON,
        overlay=values[OVERLAY],
        model=Path(values[MODEL]) if values[MODEL] else None,
        languages=languages,
    )
