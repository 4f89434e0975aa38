"""Changes of volumes through time: since which visit, and how sure."""

import pytest

from gliokit.core.findings import Quantity
from gliokit.core.vocabulary import Region
from gliokit.measurement.change import probability_above, volume_change
from gliokit.measurement.volume_course import Since, changes_through_time

ET, WT = Region.ENHANCING_TUMOR, Region.WHOLE_TUMOR


def course(*volumes, baseline=0, share=0.1, days=None):
    """Give the changes of enhancing tumor, of which each volume is known to a share."""
    told = [{} if ml is None else {ET: known(ml, share)} for ml in volumes]
    return changes_through_time(days or range(len(volumes)), told, baseline=baseline)


def known(ml, share):
    return Quantity(ml, "mL", None if share is None else (ml * (1 - share), ml * (1 + share)))


def since(changes, word):
    (own,) = [one for one in changes if one.since is word]
    return own


def test_the_nadir_is_the_smallest_volume_since_the_baseline():
    changes = course(8.0, 5.0, 6.0, 9.0, days=[0, 30, 60, 90])
    last = changes[3]
    assert [since(last, word).day for word in Since] == [0, 30, 60]
    assert [since(last, word).relative.value for word in Since] == pytest.approx([0.125, 0.8, 0.5])
    assert since(last, Since.NADIR).absolute.value == pytest.approx(4)
    assert changes[0] == ()


def test_visits_before_the_baseline_are_compared_with_nothing():
    changes = course(1.0, 8.0, 4.0, baseline=1)
    assert changes[:2] == ((), ())
    assert since(changes[2], Since.NADIR).relative.value == pytest.approx(-0.5)


def test_a_visit_without_the_volume_is_passed_over():
    changes = course(8.0, None, 4.0, days=[0, 30, 60])
    assert changes[1] == ()
    assert since(changes[2], Since.PREVIOUS).day == 0


def test_an_unknown_volume_at_the_baseline_leaves_nadir_and_visit_before():
    last = course(None, 8.0, 4.0)[2]
    assert [own.since for own in last] == [Since.NADIR, Since.PREVIOUS]


def test_interval_and_certainty_are_those_of_the_change():
    own = since(course(8.0, 12.0)[1], Since.NADIR)
    expected = volume_change(known(8.0, 0.1), known(12.0, 0.1))
    assert own.relative == expected.relative
    assert [it.share for it in own.certainties] == [0.25, 0.4]
    assert [it.probability for it in own.certainties] == [
        probability_above(expected, share) for share in (0.25, 0.4)
    ]


def test_a_tight_interval_makes_it_sure_and_a_wide_one_does_not():
    tight, wide = (
        since(course(8.0, 12.0, share=share)[1], Since.NADIR).certainties[1].probability
        for share in (0.01, 0.5)
    )
    assert tight > 0.99
    assert 0.5 < wide < 0.7


def test_without_an_interval_there_is_a_change_and_the_reason_for_no_more():
    own = since(course(8.0, 12.0, share=None)[1], Since.BASELINE)
    assert (own.relative, own.certainties) == (Quantity(0.5, "1"), ())
    assert own.relative.interval is None
    assert "has no interval" in own.reason


def test_growth_from_nothing_has_no_ratio():
    own = since(course(0.0, 2.0)[1], Since.NADIR)
    assert own.relative is None
    assert own.absolute.value == 2.0
    assert "earlier volume is 0 mL" in own.reason


def test_a_tumor_that_is_gone_has_shrunk_by_all_of_it():
    own = since(course(8.0, 0.0)[1], Since.BASELINE)
    assert own.relative.value == -1
    assert own.certainties == ()


def test_nothing_is_said_on_the_side_on_which_an_interval_is_open():
    volumes = [{WT: Quantity(1.0, "mL", (0.0, 2.0))}, {WT: Quantity(1.2, "mL", (1.0, 1.5))}]
    last = changes_through_time([0, 30], volumes, baseline=0)[1]
    growth = since(last, Since.NADIR).certainties
    assert [it.probability for it in growth] == [None, None]
    (shrinkage,) = since(last, Since.BASELINE).certainties
    assert 0 < shrinkage.probability < 0.5
