"""Changes between visits, by hand."""

import numpy as np
import pytest

from gliokit.core.errors import CohortError
from gliokit.core.feature_table import FeatureTable
from gliokit.features.delta import Change, Reference, change, delta_table


@pytest.fixture
def visits():
    """Give two patients, the visits of the first out of order."""
    return FeatureTable(
        ("A-3", "B-1", "A-1", "A-2", "B-2"),
        ("A", "B", "A", "A", "B"),
        ("volume", "skewness"),
        np.array([[30.0, 1.0], [5.0, -2.0], [10.0, 0.0], [15.0, np.nan], [0.0, -1.0]]),
        {"day": ("60", "0", "0", "20", "50")},
    )


def test_the_three_figures_by_hand():
    before, after = [10.0, -2.0], [15.0, -1.0]
    assert change(before, after, days=20, figure=Change.ABSOLUTE).tolist() == [5, 1]
    assert change(before, after, days=20, figure=Change.RELATIVE).tolist() == [0.5, 0.5]
    assert change(before, after, days=20, figure=Change.PER_DAY).tolist() == [0.25, 0.05]


def test_growth_from_nothing_has_no_relative_change():
    assert np.isnan(change([0.0], [3.0], days=1, figure=Change.RELATIVE)).all()


def test_each_visit_is_compared_with_the_one_before(visits):
    table = delta_table(visits, figures=[Change.ABSOLUTE])
    assert table.studies == ("A-2", "A-3", "B-2")
    assert table.patients == ("A", "A", "B")
    assert table.names == ("volume_change", "skewness_change")
    expected = [[5, np.nan], [15, np.nan], [-5, 1]]
    assert np.array_equal(table.values, expected, equal_nan=True)
    assert table.facts["days_between"] == ("20", "40", "50")
    assert table.facts["day"] == ("20", "60", "50")


def test_or_with_the_first(visits):
    table = delta_table(visits, figures=[Change.PER_DAY], reference=Reference.FIRST)
    assert table.values[1].tolist() == pytest.approx([20 / 60, 1 / 60])


def test_all_figures_stand_side_by_side(visits):
    table = delta_table(visits)
    assert table.names[::2] == (
        "volume_change",
        "volume_relative_change",
        "volume_change_per_day",
    )
    assert table.values.shape == (3, 6)


@pytest.mark.parametrize(
    ("days", "message"),
    [
        (("60", "0", "0", "", "50"), "study A-2 has no day"),
        (("60", "0", "20", "20", "50"), "A-1 and A-2 are of one patient and one day"),
    ],
)
def test_days_that_say_nothing_are_refused(visits, days, message):
    table = FeatureTable(
        visits.studies, visits.patients, visits.names, visits.values, {"day": days}
    )
    with pytest.raises(CohortError, match=message):
        delta_table(table)


def test_single_visits_have_no_change(visits):
    with pytest.raises(CohortError, match="no patient has two visits"):
        delta_table(visits.only(np.array([True, True, False, False, False])))


def test_time_runs_forward():
    with pytest.raises(CohortError, match="is -3 days after"):
        change([1.0], [2.0], days=-3, figure=Change.ABSOLUTE)
