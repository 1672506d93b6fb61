"""Scores with a model of your own: a folder with `model.onnx`, `tokenizer.json` and `config.json`.

That is what `optimum-cli export onnx --task text-classification` writes of a Hugging Face model. It
needs the extra `onnx` of this package. The packaged model stays beside it: it says which language a
text is in, what the customer asks for and whether the matter is closed, and it scores what is in
a language that was not given to this one.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np
from numpy.typing import NDArray

from services.sentiment.core.scorer import NO_TEXT, Pace, Scored, Scorer, round_shares
from services.sentiment.model.store import FOLDER, ModelError, load_scorer

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from tokenizers import Tokenizer

MODEL, TOKENIZER, CONFIG = "model.onnx", "tokenizer.json", "config.json"
MOST_TOKENS = 512
"""Of a text; what comes behind them is not read."""
PACE = Pace(texts=8, apart=True)
"""A small transformer takes some 10 ms for each text and core."""
NEGATIVE, NEUTRAL, POSITIVE = range(3)
CLASSES = {"negative": NEGATIVE, "neutral": NEUTRAL, "positive": POSITIVE,
           "neg": NEGATIVE, "neu": NEUTRAL, "pos": POSITIVE}  # fmt: skip
_STARS = re.compile(r"([1-5]) stars?")
_OF_STARS = {"1": NEGATIVE, "2": NEGATIVE, "3": NEUTRAL, "4": POSITIVE, "5": POSITIVE}
_INPUTS = frozenset({"input_ids", "attention_mask", "token_type_ids"})

Floats = NDArray[np.float64]


class Config(msgspec.Struct, frozen=True):
    """What is read of `config.json`; the rest of it belongs to others."""

    id2label: dict[str, str]
    model_type: str = ""
    max_position_embeddings: int = MOST_TOKENS
    pad_token_id: int | None = 0


class OnnxScorer:
    """Scores texts with an ONNX model, in a thread of its own; safe to share between lanes."""

    def __init__(self, folder: Path, beside: Scorer, languages: Sequence[str] = ()) -> None:
        """`languages` are the ones it answers in, as primary tags; none: every one.

        Raises:
            ModelError: The extra is not installed, or a file is absent or not what it should be.
        """
        self._beside = beside
        self._mine = frozenset(languages)
        config = read_config(folder / CONFIG)
        self._classes = read_classes(config.id2label, folder / CONFIG)
        self._tokenizer = _open_tokenizer(folder / TOKENIZER, config)
        self._session = _open_session(folder / MODEL)
        self._inputs = {one.name for one in self._session.get_inputs()}
        if "input_ids" not in self._inputs or not self._inputs <= _INPUTS:
            raise ModelError(
                f"{folder / MODEL} asks for {', '.join(sorted(self._inputs))}; it must be a text"
                f" classifier that asks for input_ids, and for no more than {', '.join(sorted(_INPUTS))}"
            )
        digest = hashlib.sha256((folder / MODEL).read_bytes()).hexdigest()[:8]
        self._name = f"{folder.resolve().name}@{digest}+{beside.name}"
        self._try_once(folder / MODEL)

    @property
    def name(self) -> str:
        """The folder's name, the first digits of the model's SHA-256, and who stands beside it."""
        return self._name

    @property
    def languages(self) -> frozenset[str]:
        """Those that were given to it, and those of the packaged model."""
        return self._mine | self._beside.languages

    @property
    def pace(self) -> Pace:
        """A few texts at a time, on a thread of its own."""
        return PACE

    def score(self, texts: Sequence[str], languages: Sequence[str]) -> Sequence[Scored]:
        """Score any number of texts; of each `MOST_TOKENS` tokens are read."""
        answers: list[Scored] = []
        for first in range(0, len(texts), PACE.texts):
            last = first + PACE.texts
            answers += self._score_some(texts[first:last], languages[first:last])
        return answers

    def _score_some(self, texts: Sequence[str], languages: Sequence[str]) -> list[Scored]:
        answers = list(self._beside.score(texts, languages))
        mine = [i for i, answer in enumerate(answers) if self._speaks(answer)]
        if mine:
            shares = self._share_out([texts[i] for i in mine]).tolist()
            for i, (neg, neu, pos) in zip(mine, shares, strict=True):
                answers[i] = _take_shares(answers[i], (neg, neu, pos))
        return answers

    def _speaks(self, answer: Scored) -> bool:
        return answer.why != NO_TEXT and (not self._mine or answer.language in self._mine)

    def _share_out(self, texts: Sequence[str]) -> Floats:
        """Shares, texts by classes."""
        encoded = self._tokenizer.encode_batch(list(texts))
        told = {
            "input_ids": [one.ids for one in encoded],
            "attention_mask": [one.attention_mask for one in encoded],
            "token_type_ids": [one.type_ids for one in encoded],
        }
        fed = {name: np.array(told[name], np.int64) for name in self._inputs}
        logits = np.asarray(self._session.run(None, fed)[0], np.float64)
        logits -= logits.max(axis=1, keepdims=True)
        parts = np.exp(logits)
        parts /= parts.sum(axis=1, keepdims=True)
        shares = np.zeros((len(texts), 3))
        for label, which in enumerate(self._classes):
            shares[:, which] += parts[:, label]
        return shares

    def _try_once(self, path: Path) -> None:
        """A model that cannot score is found at the start, not at the first customer."""
        try:
            shares = self._share_out(["Is this a text?", "Yes."])
        except Exception as broken:  # the runtime raises classes of its own, by what failed
            raise ModelError(f"{path} cannot score a text: {broken}") from broken
        if not np.isfinite(shares).all():
            raise ModelError(f"{path} gives no numbers for a plain text")


def open_scorer(folder: Path | None = None, languages: Sequence[str] = ()) -> Scorer:
    """The packaged model; or the one of a folder, ours as `make train` writes it, or an ONNX model.

    `languages` are for an ONNX model only: the packaged one scores the others.

    Raises:
        ModelError: The folder holds no usable model.
    """
    if folder not in {None, FOLDER} and (folder / MODEL).exists():
        return OnnxScorer(folder, load_scorer(), languages)
    if languages:
        raise ModelError(
            f"{folder or FOLDER} is no ONNX model, so it cannot be told to score in"
            f" {', '.join(languages)}: name one, or leave the languages out"
        )
    return load_scorer(folder or FOLDER)


def read_config(path: Path) -> Config:
    """What a model says of itself; raises `ModelError`."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Config)
    except (OSError, msgspec.MsgspecError) as broken:
        raise ModelError(f"{path}: {broken}; it tells which output is which label") from broken


def read_classes(id2label: Mapping[str, str], path: Path) -> tuple[int, ...]:
    """For each output of the model in order negative, neutral or positive; raises `ModelError`."""
    labels = [id2label.get(str(number), "") for number in range(len(id2label))]
    classes = [_read_label(label.strip().lower()) for label in labels]
    found = tuple(one for one in classes if one is not None)
    if len(found) < len(classes) or not {NEGATIVE, POSITIVE} <= set(found):
        raise ModelError(
            f"{path}: id2label names {', '.join(id2label.values()) or 'nothing'}; it must name, from 0 on,"
            " negative, neutral and positive, or only negative and positive, or 1 star to 5 stars"
        )
    return found


def _read_label(label: str) -> int | None:
    stars = _STARS.fullmatch(label)
    return _OF_STARS[stars[1]] if stars else CLASSES.get(label)


def _open_tokenizer(path: Path, config: Config) -> Tokenizer:
    try:
        from tokenizers import Tokenizer  # noqa: PLC0415 - only who has such a model needs it
    except ImportError as absent:
        raise _ask_for_extra() from absent
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as broken:  # it raises nothing more precise
        raise ModelError(f"{path}: {broken}") from broken
    pad = config.pad_token_id or 0
    tokenizer.enable_padding(pad_id=pad, pad_token=tokenizer.id_to_token(pad) or "[PAD]")
    # RoBERTa and its kin begin to count the places of tokens behind the padding.
    spare = pad + 1 if "roberta" in config.model_type else 0
    tokenizer.enable_truncation(min(MOST_TOKENS, config.max_position_embeddings - spare))
    return tokenizer


def _open_session(path: Path) -> InferenceSession:
    try:
        import onnxruntime  # noqa: PLC0415 - only who has such a model needs it
    except ImportError as absent:
        raise _ask_for_extra() from absent
    options = onnxruntime.SessionOptions()
    # Lanes work beside each other; threads within a call would only take turns with theirs.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    except Exception as broken:  # the runtime raises classes of its own, by what failed
        raise ModelError(f"{path}: {broken}") from broken


def _ask_for_extra() -> ModelError:
    return ModelError("an ONNX model needs two packages more: pip install 'omniroute[onnx]'")


def _take_shares(answer: Scored, shares: tuple[float, float, float]) -> Scored:
    """The answer with other shares; what it says beside them stays."""
    plain = round_shares(shares, answer.language)
    return msgspec.structs.replace(
        answer, p_neg=plain.p_neg, p_neu=plain.p_neu, p_pos=plain.p_pos, why=""
    )
