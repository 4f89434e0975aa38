"""A table of features: what is kept together, and what is refused."""

import numpy as np
import pytest

from gliokit.core.errors import CohortError
from gliokit.core.feature_table import FeatureTable, UnreadCells


@pytest.fixture
def table():
    return FeatureTable(
        ("A-1", "A-2", "B-1"),
        ("A", "A", "B"),
        ("x", "y"),
        np.array([[1.0, 2.0], [3.0, np.nan], [5.0, 6.0]]),
        {"age": ("50", "", "61.5"), "site": ("one", "one", "two")},
        (UnreadCells("y", 1, "inf", "infinite"),),
    )


def test_rows_keep_their_facts(table):
    some = table.only(np.array([False, True, True]))
    assert some.studies == ("A-2", "B-1")
    assert some.patients == ("A", "B")
    assert some.facts["site"] == ("one", "two")
    assert np.array_equal(some.values, [[3, np.nan], [5, 6]], equal_nan=True)


def test_features_come_in_the_order_asked_for_and_keep_what_is_said_of_them(table):
    assert table.features(["y", "x"]).values[0].tolist() == [2, 1]
    assert table.features(["x"]).unread == ()
    assert table.features(["y"]).unread == table.unread


def test_an_unknown_feature_is_named(table):
    with pytest.raises(CohortError, match=r"no feature z \(1 of 2 are unknown\)"):
        table.features(["x", "z"])


def test_facts_are_numbers_where_they_are(table):
    assert np.array_equal(table.numbers("age"), [50, np.nan, 61.5], equal_nan=True)
    with pytest.raises(CohortError, match=r"column site: .* needed numbers"):
        table.numbers("site")
    with pytest.raises(CohortError, match="no column idh, only age, site"):
        table.numbers("idh")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"studies": ("A", "A", "B")}, "study A stands twice"),
        ({"names": ("x", "x")}, "feature x stands twice"),
        ({"patients": ("A", "B")}, "2 patients for 3 studies"),
        ({"facts": {"age": ("1",)}}, "1 age for 3 studies"),
        ({"values": np.zeros((3, 1))}, r"shape \(3, 1\); needed \(3, 2\)"),
    ],
)
def test_a_table_that_does_not_fit_together_is_refused(table, change, message):
    parts = {
        "studies": table.studies,
        "patients": table.patients,
        "names": table.names,
        "values": table.values,
    }
    with pytest.raises(CohortError, match=message):
        FeatureTable(**(parts | change))
