"""Extent of resection: classes at every limit, and what is unknown."""

import pytest

from gliokit.core.errors import CohortError, NotAssessableError
from gliokit.measurement.resection import (
    ResectionClass,
    Supramaximal,
    Volumes,
    extent_of_resection,
    name_resection,
)

BEFORE = Volumes(30.0, 60.0)


@pytest.mark.parametrize(
    ("enhancing", "nonenhancing", "expected"),
    [
        (0, 0, "1"),
        (0, 5, "1"),
        (0, 5.001, "2A"),
        (0, 60, "2A"),
        (0.001, 0, "2B"),
        (1, 60, "2B"),
        (1.001, 0, "3A"),
        (5, 0, "3A"),
        (5.001, 0, "3B"),
        (40, 60, "3B"),
    ],
)
def test_class_at_each_limit(enhancing, nonenhancing, expected):
    extent = extent_of_resection(BEFORE, Volumes(enhancing, nonenhancing))
    assert extent.resection_class == expected


def test_a_residual_on_the_limit_is_not_lost_to_floating_point():
    one_ml = 0.1 * 3 * (10 / 3)  # 1 up to a rounding error
    assert one_ml > 1
    assert extent_of_resection(BEFORE, Volumes(one_ml, 0)).resection_class == "2B"


def test_the_percentage_does_not_decide_the_class():
    small = extent_of_resection(Volumes(4.0, 60.0), Volumes(2.0, 60.0))
    large = extent_of_resection(Volumes(200.0, 60.0), Volumes(2.0, 60.0))
    assert small.resection_class == large.resection_class == "3A"
    assert small.removed_enhancing == 0.5
    assert large.removed_enhancing == 0.99


def test_a_biopsy_is_class_4_whatever_is_left():
    assert extent_of_resection(BEFORE, Volumes(0, 0), biopsy_only=True).resection_class == "4"


def test_unknown_volumes_leave_the_classes_that_fit():
    no_flair = extent_of_resection(BEFORE, Volumes(0))
    assert no_flair.possible == (ResectionClass.SUPRAMAXIMAL, ResectionClass.COMPLETE)
    assert no_flair.resection_class is None
    assert no_flair.removed_nonenhancing is None
    little_flair = extent_of_resection(BEFORE, Volumes(None, 2))
    assert [str(it) for it in little_flair.possible] == ["1", "2B", "3A", "3B"]
    # the enhancing residual decides alone where some is left
    assert extent_of_resection(BEFORE, Volumes(3)).resection_class == "3A"


def test_an_unknown_operation_may_have_been_a_biopsy():
    extent = extent_of_resection(BEFORE, Volumes(3), biopsy_only=None)
    assert [str(it) for it in extent.possible] == ["3A", "4"]


def test_an_unknown_volume_before_leaves_the_class_but_no_percentage():
    extent = extent_of_resection(Volumes(None), Volumes(3))
    assert extent.resection_class == "3A"
    assert extent.removed_enhancing is None


def test_a_speck_is_called_doubtful():
    assert extent_of_resection(BEFORE, Volumes(0.05, 0)).doubtful
    assert not extent_of_resection(BEFORE, Volumes(0.1, 0)).doubtful
    assert not extent_of_resection(BEFORE, Volumes(0, 0)).doubtful


def test_more_tumor_after_than_before_is_a_negative_share():
    assert extent_of_resection(BEFORE, Volumes(33, 0)).removed_enhancing == pytest.approx(-0.1)


def test_tumor_that_does_not_enhance_has_no_class():
    with pytest.raises(NotAssessableError, match="nothing enhanced before surgery"):
        extent_of_resection(Volumes(0, 60), Volumes(0, 2))


@pytest.mark.parametrize("volume", [-1.0, float("nan")])
def test_an_impossible_volume_is_refused(volume):
    with pytest.raises(CohortError, match="needed 0 or more, or None where it is unknown"):
        extent_of_resection(BEFORE, Volumes(volume))


def test_the_reason_tells_class_and_residual():
    reason = extent_of_resection(BEFORE, Volumes(0.4, 12)).reason
    assert reason == (
        "class 2B, near total resection of enhancing tumor: 0.4 mL of enhancing and 12 mL of "
        "non-enhancing tumor is left"
    )


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (12.5, 5.0, ["1"]),  # 60 % to the letter
        (12.4, 5.0, ["2A"]),
        (12.5, 5.001, ["2A"]),
        (0, 0, ["1"]),  # nothing was there, nothing is left
        (None, 4.0, ["1", "2A"]),
        (None, 0, ["1"]),
        (60, None, ["1", "2A"]),
    ],
)
def test_class_1_may_ask_for_a_share_as_well(before, after, expected):
    extent = extent_of_resection(
        Volumes(30, before), Volumes(0, after), supramaximal=Supramaximal.RESIDUAL_AND_SHARE
    )
    assert [str(it) for it in extent.possible] == expected


def test_the_share_matters_for_class_1_alone():
    volumes = Volumes(30, 10), Volumes(0.5, 9)
    extent = extent_of_resection(*volumes, supramaximal=Supramaximal.RESIDUAL_AND_SHARE)
    assert extent.resection_class == "2B"


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (30, 0, ResectionClass.COMPLETE),
        (20, 1, ResectionClass.NEAR_TOTAL),  # 95 % and 1 mL to the letter
        (19, 1, ResectionClass.SUBTOTAL),
        (100, 1.1, ResectionClass.SUBTOTAL),  # 98.9 %, but more than 1 mL
        (25, 5, ResectionClass.SUBTOTAL),  # 80 % and 5 mL to the letter
        (24, 5, ResectionClass.PARTIAL),
        (100, 5.1, ResectionClass.PARTIAL),
        (1, 0.5, ResectionClass.PARTIAL),  # class 2B, though half is left
    ],
)
def test_terms_of_2021_go_by_share_and_residual(before, after, expected):
    assert name_resection(Volumes(before), Volumes(after)) is expected


def test_terms_of_2021_need_both_volumes():
    assert name_resection(Volumes(None), Volumes(None), biopsy_only=True) is ResectionClass.BIOPSY
    for before, after in ((None, 1), (30, None), (0, 0)):
        with pytest.raises(NotAssessableError, match="the terms need both volumes"):
            name_resection(Volumes(before), Volumes(after))
