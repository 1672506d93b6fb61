"""Laws of our corpus, our lexicon and our phrases: well formed, various, and apart."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.sentiment.core.linear import HEADS
from services.sentiment.train.corpus_check import (
    MOST_ALIKE,
    check_file,
    find_alike,
    read_messages,
    share_trait,
)
from services.sentiment.train.phrases import MOST, expand, read_asks
from services.sentiment.train.texts import (
    APART,
    BESIDE,
    CORPUS,
    ELSEWHERE,
    FOLDS,
    LABELS,
    RICH,
    RUN,
    SCENE,
    STRETCH,
    USUAL,
    SetError,
    list_files,
    read_corpus,
    read_elsewhere,
    read_own,
    read_rows,
    read_set,
    read_words,
)

FILES = [path for part in (USUAL, RICH, *APART) for path in list_files(CORPUS / part)]
BESIDE_FILES = [path for name in ELSEWHERE for path in list_files(BESIDE / name)]
RIGHT = "neg\tangry\tchat\tdelivery\tplain\tno\tperson\tnegation\tIt is not here.\n"
HEADER = "label\temotion\tchannel\tmatter\tregister\tclosing\tasks\ttraits\ttext\n"


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_file_of_the_corpus_keeps_its_format(path: Path) -> None:
    """Law: nine columns, closed words, no empty text."""
    assert list(check_file(path)) == []


@pytest.mark.slow
@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_the_corpus_is_no_template_farm(path: Path) -> None:
    """Law: at most one message in a hundred shares six word pairs in ten with an earlier one."""
    messages = read_messages(path)
    assert len(find_alike(messages)) <= MOST_ALIKE * len(messages)


@pytest.mark.slow
@pytest.mark.parametrize("path", list_files(CORPUS / USUAL), ids=lambda path: path.stem)
def test_what_is_kept_apart_stands_nowhere_else(path: Path) -> None:
    """Law: not even nearly; nothing of it is in the training part, nor of one part in the other."""
    rich = CORPUS / RICH / path.name
    train = [*read_messages(path), *(read_messages(rich) if rich.exists() else ())]
    files = [CORPUS / part / path.name for part in APART]
    parts = [read_messages(file) for file in files if file.exists()]
    found = find_alike([train[0], *(text for part in parts for text in part)], train)
    within = {pair for part in parts for pair in find_alike(part)}
    assert found[0][0] == train[0]  # one that is there is found
    assert set(found[1:]) <= within


@pytest.mark.parametrize("path", list_files(CORPUS / USUAL), ids=lambda path: path.stem)
@pytest.mark.parametrize(
    ("trait", "least"), [("negation", 0.08), ("neutral_request", 0.1), ("sarcasm", 0.02)]
)
def test_what_models_get_wrong_is_in_the_corpus(path: Path, trait: str, least: float) -> None:
    """Law: each language is rich in the traits that the guidelines ask for."""
    assert share_trait(path, trait) >= least


@pytest.mark.parametrize("path", BESIDE_FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_posts_and_reviews_are_labelled_and_various(path: Path) -> None:
    """Law: two columns, no empty text, all three labels, at most one near-duplicate in a hundred."""
    rows = [row for _, row in read_rows(path)]
    assert {tuple(row) for row in rows} == {("label", "text")}
    texts = [row["text"] for row in rows]
    assert all(text.strip() == text != "" for text in texts)
    assert {row["label"] for row in rows} == set(LABELS)
    assert len(find_alike(texts)) <= MOST_ALIKE * len(texts)


def test_posts_and_reviews_stand_in_every_fold() -> None:
    """Law: all languages have reviews, and all but English, of which public sets have enough, posts."""
    posts, reviews = ({path.stem for path in list_files(BESIDE / name)} for name in ELSEWHERE)
    assert posts | {"en"} == reviews == {path.stem for path in list_files(CORPUS / USUAL)}
    texts = read_elsewhere()
    assert {text.fold for text in texts} == set(range(FOLDS))
    assert len({text.fold for text in texts[:STRETCH]}) == 1


def test_what_is_rich_in_closings_is_told_from_all_others() -> None:
    """Law: those messages are marked as such, nobody else's, and half of them close their matter."""
    rich = [text for text in read_own() if text.rich]
    assert {text.language for text in rich} == {path.stem for path in list_files(CORPUS / RICH)}
    assert 0.4 <= sum(text.closing for text in rich) / len(rich) <= 0.5
    assert len(rich) == sum(len(read_corpus(path)) for path in list_files(CORPUS / RICH))


def test_the_checker_names_line_and_column(tmp_path: Path) -> None:
    """Law: a wrong word, an empty text and a wrong header are each found."""
    path = tmp_path / "en.tsv"
    path.write_text(
        HEADER + RIGHT.replace("chat", "pigeon") + RIGHT.replace("It is not here.", "-")
    )
    assert list(check_file(path)) == [
        "en.tsv:2 channel: unknown word 'pigeon'",
        "en.tsv:3 has no text",
    ]
    path.write_text("label\ttext\nneg\tno\n")
    assert "the header must be" in next(iter(check_file(path)))


def test_near_duplicates_are_found_whatever_the_name_in_them() -> None:
    """Law: one swapped word does not make another message; other words do."""
    first = "my parcel from last week has still not arrived at home"
    assert find_alike([first, first.replace("week", "month")]) != []
    assert find_alike([first, "could you please tell me when the shop opens on sunday"]) == []
    assert find_alike(["我的快递到现在还没有收到呢"], ["我的快递到今天还没有收到呢"]) != []


def test_writers_stay_together_when_the_corpus_is_split(tmp_path: Path) -> None:
    """Law: the 800 messages of a run are one fold, and all folds occur."""
    path = tmp_path / "en.tsv"
    path.write_text(HEADER + RIGHT * 4000)
    folds = [text.fold for text in read_corpus(path)]
    assert folds == [fold for fold in range(FOLDS) for _ in range(RUN)]
    assert RUN % SCENE == 0


def test_a_phrase_stands_for_all_its_choices() -> None:
    """Law: choices multiply; too many are thinned out evenly, to a bound."""
    assert expand("[call|ring] me [back|today]") == [
        "call me back", "call me today", "ring me back", "ring me today"
    ]  # fmt: skip
    many = expand("[a|b|c|d|e|f|g|h] [1|2|3|4|5|6|7|8]")
    assert len(many) == len(set(many)) == MOST
    assert {text[0] for text in many} == set("abcdefgh")


def test_no_choice_is_lost_when_a_phrase_is_thinned_out() -> None:
    """Law: 6 x 5 x 6 choices are 180; every sixth of them would always end alike."""
    many = expand("[a|b|c|d|e|f] [1|2|3|4|5] [u|v|w|x|y|z]")
    assert [len({text.split()[place] for text in many}) for place in range(3)] == [6, 5, 6]


def test_phrases_are_spelled_as_people_write() -> None:
    """Law: no blank between Chinese characters, before a comma, or where a choice is empty."""
    assert expand("我要转 [人工|真人] [，谢谢|]") == [
        "我要转人工，谢谢", "我要转人工", "我要转真人，谢谢", "我要转真人",
    ]  # fmt: skip
    assert expand("[thanks|ta] [, bye|] [now|!]")[:2] == ["thanks, bye now", "thanks, bye!"]
    assert expand("下载 [app|软件] 了")[0] == "下载app了"


def test_phrases_and_lexicon_use_known_words_only() -> None:
    """Law: what is asked for is one of the heads; no phrase is empty."""
    asks = read_asks()
    assert {word for text in asks for word in text.asks} == {
        "person", "manager", "callback", "leaving",
    } == set(HEADS) - {"closing", "human"}  # fmt: skip
    assert all(text.text.strip() for text in [*asks, *read_words()])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("text\tlabel\na\tgood\n", "set.tsv:2: the label 'good'"),
        ("text\tlabel\na\n", "set.tsv:2: 1 fields, the header has 2"),
        ("words\tlabel\na\tneg\n", "must name the columns text and label"),
        ("text\tlabel\n", "no text in it"),
    ],
)
def test_a_bad_set_is_refused_with_the_line(tmp_path: Path, content: str, said: str) -> None:
    """Law: what is wrong with a labelled file is said where it is wrong."""
    path = tmp_path / "set.tsv"
    path.write_text(content)
    with pytest.raises(SetError, match=said):
        read_set(path)
