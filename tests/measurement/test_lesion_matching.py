"""Lesions through time on balls whose fate is known."""

import numpy as np
import pytest

from gliokit.core.errors import GeometryError, NotAssessableError
from gliokit.core.geometry import Grid, to_world
from gliokit.measurement.lesion_matching import (
    Matching,
    State,
    match_lesions,
    number_lesions,
    on_common_grid,
)

SHAPE = (60, 50, 40)
AFFINE = np.diag([1.0, 1.0, 1.5, 1.0])
PLACES = to_world(AFFINE, np.moveaxis(np.indices(SHAPE), 0, -1))


def ball(center, radius):
    return np.linalg.norm(PLACES - center, axis=-1) <= radius


def numbered(*balls, minimum_ml=0.0):
    mask = np.zeros(SHAPE, dtype=bool)
    for center, radius in balls:
        mask |= ball(center, radius)
    return number_lesions(mask, AFFINE, minimum_ml=minimum_ml)


def states(history):
    return {course.name: course.states for course in history.courses}


A, B, C = (15, 15, 30), (42, 30, 30), (15, 38, 30)


def test_first_visit_names_lesions_by_falling_volume():
    history = match_lesions([numbered((A, 4), (B, 8), (C, 6))], AFFINE)
    assert history.names(0) == {1: "L1", 2: "L2", 3: "L3"}
    assert states(history) == {name: (State.FIRST,) for name in ("L1", "L2", "L3")}


def test_ball_that_grows_keeps_its_name_and_numbers_follow_it():
    # A outgrows B, so its number in the second map is 1
    history = match_lesions([numbered((A, 4), (B, 6)), numbered((A, 9), (B, 6))], AFFINE)
    assert history.names(0) == {1: "L1", 2: "L2"}
    assert history.names(1) == {1: "L2", 2: "L1"}
    assert states(history)["L2"] == (State.FIRST, State.PRESENT)


def test_ball_that_shrinks_to_a_voxel_keeps_its_name():
    history = match_lesions([numbered((A, 9)), numbered(((21, 15, 30), 0.5))], AFFINE)
    assert states(history) == {"L1": (State.FIRST, State.PRESENT)}


def test_lesion_that_splits_keeps_its_name_for_both_parts():
    whole = numbered(((25, 25, 30), 12))
    apart = numbered(((18, 25, 30), 4), ((32, 25, 30), 3))
    history = match_lesions([whole, apart], AFFINE)
    assert states(history) == {"L1": (State.FIRST, State.SPLIT)}
    assert history.names(1) == {1: "L1", 2: "L1"}


def test_lesions_that_merge_share_a_part_and_get_their_names_back_when_they_part_again():
    apart = numbered(((18, 25, 30), 6), ((34, 25, 30), 5))
    merged = numbered(((18, 25, 30), 9), ((34, 25, 30), 9))
    history = match_lesions([apart, merged, apart], AFFINE)
    assert history.names(1) == {1: "L1+L2"}
    assert history.names(2) == {1: "L1", 2: "L2"}
    assert states(history) == {
        name: (State.FIRST, State.MERGED, State.PRESENT) for name in ("L1", "L2")
    }


def test_lesion_vanishes_and_returns_under_its_name():
    visits = [numbered((A, 6), (B, 8)), numbered((B, 8)), numbered((A, 3), (B, 8))]
    history = match_lesions(visits, AFFINE)
    assert states(history)["L2"] == (State.FIRST, State.VANISHED, State.RETURNED)
    assert history.names(2) == {1: "L1", 2: "L2"}


def test_lesion_that_grows_over_another_has_merged_with_it_unless_that_had_vanished():
    near = ((25, 15, 30), 3)
    both, one, grown = numbered(near, (B, 5)), numbered((B, 5)), numbered((B, 26))
    history = match_lesions([both, grown], AFFINE)
    assert states(history)["L2"] == (State.FIRST, State.MERGED)
    history = match_lesions([both, one, grown], AFFINE)
    assert states(history)["L2"] == (State.FIRST, State.VANISHED, State.VANISHED)


def test_new_lesion_gets_the_next_name():
    history = match_lesions([numbered((B, 8)), numbered((A, 3), (B, 8), (C, 4))], AFFINE)
    assert states(history) == {
        "L1": (State.FIRST, State.PRESENT),
        "L2": (State.NOT_YET, State.NEW),
        "L3": (State.NOT_YET, State.NEW),
    }
    assert history.names(1) == {1: "L1", 2: "L2", 3: "L3"}
    assert history.courses[1].parts == ((), (2,))


@pytest.mark.parametrize("shift", [(2, 0, 0), (0, -2, 0), (1.1, 1.1, 1.2)])
@pytest.mark.parametrize("radius", [1.5, 3, 8])
def test_registration_error_of_two_millimeters_changes_no_name(shift, radius):
    before = numbered((A, radius), (B, radius + 1), (C, radius + 2))
    moved = [(tuple(np.add(c, shift)), radius + n) for n, c in enumerate((A, B, C))]
    history = match_lesions([before, numbered(*moved)], AFFINE)
    assert history.names(0) == history.names(1) == {1: "L1", 2: "L2", 3: "L3"}


def test_small_lesion_pushed_aside_within_reach_is_the_same_and_beyond_it_is_new():
    first = numbered((A, 2))
    pushed, far = (numbered(((15 + mm, 15, 30), 2)) for mm in (8, 11))
    assert states(match_lesions([first, pushed], AFFINE)) == {"L1": (State.FIRST, State.PRESENT)}
    assert [*states(match_lesions([first, far], AFFINE))] == ["L1", "L2"]
    wider = Matching(reach_mm=8)
    assert [*states(match_lesions([first, far], AFFINE, matching=wider))] == ["L1"]


def test_satellite_beside_a_lesion_that_stays_is_new():
    history = match_lesions([numbered((B, 6)), numbered((B, 6), ((42, 17, 30), 3))], AFFINE)
    assert states(history)["L2"] == (State.NOT_YET, State.NEW)


def test_lesion_that_grows_toward_another_does_not_merge_with_it():
    first = numbered(((20, 25, 30), 6), ((38, 25, 30), 6))
    grown = numbered(((20, 25, 30), 10), ((38, 25, 30), 6))
    history = match_lesions([first, grown], AFFINE)
    assert {state for course in states(history).values() for state in course} == {
        State.FIRST,
        State.PRESENT,
    }


def test_no_lesion_at_any_visit_is_an_empty_history():
    assert match_lesions([numbered(), numbered()], AFFINE).courses == ()


def test_visits_without_one_grid_and_no_visits_are_refused():
    with pytest.raises(GeometryError, match="carry all to one grid"):
        match_lesions([np.zeros((3, 3, 3), int), np.zeros((3, 3, 4), int)], AFFINE)
    with pytest.raises(NotAssessableError, match="there is no visit"):
        match_lesions([], AFFINE)


def test_parts_below_the_minimum_volume_are_no_lesions():
    assert numbered((A, 0.5), (B, 5), minimum_ml=0.01).max() == 1
    assert numbered((A, 0.5), (B, 5)).max() == 2


def test_specks_are_numbered_after_the_lesions_if_asked_for_as_long_as_there_are_numbers():
    two = ((A, 2), (B, 5))
    assert numbered(*two, minimum_ml=0.1).max() == 1
    mask = numbered(*two) > 0
    assert number_lesions(mask, AFFINE, minimum_ml=0.1, speck_ml=0.01)[A[0], A[1], 20] == 2
    assert number_lesions(mask, AFFINE, minimum_ml=0.1, speck_ml=0.05).max() == 1
    specks = np.zeros(SHAPE, dtype=bool)
    specks[::2, ::2, ::2] = True
    assert number_lesions(specks, AFFINE, minimum_ml=0.1, speck_ml=0.0).max() == 255


def test_speck_on_the_place_of_a_lesion_is_its_rest():
    visits = [numbered((A, 6), (B, 8)), numbered((A, 1), (B, 8)), numbered((A, 6), (B, 8))]
    history = match_lesions(visits, AFFINE, specks=[(), (2,), ()])
    assert states(history)["L2"] == (State.FIRST, State.PRESENT, State.PRESENT)
    assert history.names(1) == {1: "L1", 2: "L2"}


def test_specks_elsewhere_and_on_the_place_of_what_is_gone_or_still_large_are_nothing():
    first = numbered((A, 6), (B, 8))
    elsewhere = match_lesions([first, numbered((B, 8), (C, 1))], AFFINE, specks=[(), (2,)])
    assert states(elsewhere)["L2"] == (State.FIRST, State.VANISHED)
    assert len(elsewhere.courses) == 2
    back = match_lesions(
        [first, numbered((B, 8)), numbered((A, 1), (B, 8))], AFFINE, specks=[(), (), (2,)]
    )
    assert states(back)["L2"] == (State.FIRST, State.VANISHED, State.VANISHED)
    beside = [first, numbered((A, 6), (B, 5), ((42, 38, 30), 1))]
    kept = match_lesions(beside, AFFINE, specks=[(), (3,)])
    assert states(kept)["L1"] == (State.FIRST, State.PRESENT)
    assert match_lesions([first], AFFINE, specks=[(1, 2)]).courses == ()


def test_more_lesions_than_can_be_numbered_are_refused():
    specks = np.zeros(SHAPE, dtype=bool)
    specks[::2, ::2, ::2] = True
    with pytest.raises(NotAssessableError, match="raise the minimum volume"):
        number_lesions(specks, AFFINE, minimum_ml=0.0)


def test_lesions_are_carried_by_the_motion_of_their_visit():
    grid = Grid(SHAPE, AFFINE)
    to_visit = np.eye(4)
    to_visit[:3, 3] = (5, -3, 3)
    visit = numbered((np.add(A, (5, -3, 3)), 5), (np.add(B, (5, -3, 3)), 3))
    assert np.array_equal(on_common_grid(visit, AFFINE, to_visit, grid), numbered((A, 5), (B, 3)))


def test_lesion_smaller_than_a_voxel_of_the_common_grid_keeps_one():
    coarse = Grid((12, 10, 8), np.diag([5.0, 5.0, 7.5, 1.0]))
    carried = on_common_grid(numbered((A, 0.5), (B, 12)), AFFINE, np.eye(4), coarse)
    assert np.argwhere(carried == 2).tolist() == [[3, 3, 4]]
    assert np.count_nonzero(carried == 1) > 5


def test_lesion_outside_the_common_grid_is_refused():
    away = np.eye(4)
    away[0, 3] = 500
    with pytest.raises(GeometryError, match="lesion 1 lies outside the common grid"):
        on_common_grid(numbered((A, 5)), AFFINE, away, Grid(SHAPE, AFFINE))


def test_specks_outside_the_common_grid_are_left_out_where_lesions_are_refused():
    grid = Grid((4, 4, 4), np.eye(4))
    visit = numbered((A, 6))
    with pytest.raises(GeometryError, match="outside the common grid"):
        on_common_grid(visit, AFFINE, np.eye(4), grid)
    assert not on_common_grid(visit, AFFINE, np.eye(4), grid, specks=(1,)).any()
