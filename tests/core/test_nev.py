"""Net Emotional Value: what a survey says, and the names by which it is told."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from services.contact.event import Survey
from services.sentiment.core.nev import MOST_NAMES, NEGATIVE, POSITIVE, Names, weigh_survey

RATINGS = st.fixed_dictionaries(
    {name: st.floats(0, 10, allow_nan=False) for name in Survey.__struct_fields__}
)


def test_every_emotion_counts_on_one_side() -> None:
    """Law: 8 destroying emotions against 12 of the other three clusters, none left out."""
    assert (len(NEGATIVE), len(POSITIVE)) == (8, 12)
    assert {*NEGATIVE, *POSITIVE} == {*Survey.__struct_fields__}


def test_the_ends_of_the_scale() -> None:
    """Law: all good and nothing bad is 10, the reverse -10, everything alike 0."""
    best = {name: 10.0 if name in POSITIVE else 0.0 for name in Survey.__struct_fields__}
    assert weigh_survey(msgspec.convert(best, Survey)).nev == 10
    worst = {name: 10 - rating for name, rating in best.items()}
    assert weigh_survey(msgspec.convert(worst, Survey)).nev == -10
    assert weigh_survey(msgspec.convert(dict.fromkeys(best, 4.0), Survey)).nev == 0


@given(ratings=RATINGS)
def test_the_value_is_the_mean_of_each_side(ratings: dict[str, float]) -> None:
    """Law: the mean of the positive minus the mean of the negative ratings."""
    found = weigh_survey(msgspec.convert(ratings, Survey)).nev
    good = [rating for name, rating in ratings.items() if name in POSITIVE]
    bad = [rating for name, rating in ratings.items() if name in NEGATIVE]
    assert abs(found - (sum(good) / 12 - sum(bad) / 8)) < 1e-9


def test_names_that_a_platform_invents_do_not_grow_the_figures_for_ever() -> None:
    """Law: the first names keep theirs, later ones are `other`, an empty one is `none`."""
    names = Names()
    first = [names.bound(f"q{n}") for n in range(MOST_NAMES)]
    assert first == [f"q{n}" for n in range(MOST_NAMES)]
    assert names.bound("one too many") == "other"
    assert names.bound("q7") == "q7"
    assert names.bound("") == "none"
