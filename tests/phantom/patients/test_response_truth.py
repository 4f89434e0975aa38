"""Categories of response from true volumes: every line of the table."""

import pytest

from gliokit.phantom.patients.response_truth import Assessment, categories


def last(*visits: tuple[float, float] | tuple[float, float, bool]) -> str:
    """Give the category of the last of visits of (volume, dose, declined)."""
    return categories([Assessment(v[0], v[1], len(v) > 2 and bool(v[2])) for v in visits])[-1]


def test_the_first_visit_is_the_baseline():
    assert categories([Assessment(5, 0, False)]) == ["baseline"]


@pytest.mark.parametrize(
    ("volume", "category"), [(13.9, "SD"), (14.0, "PD"), (3.6, "SD"), (3.5, "PR")]
)
def test_volumes_at_the_thresholds(volume, category):
    assert last((10, 0), (volume, 0)) == category


def test_progression_is_judged_against_the_smallest_volume_so_far():
    assert last((10, 0), (4, 0), (6, 0)) == "PD"
    assert last((10, 0), (6, 0)) == "SD"


def test_new_enhancement_after_a_clean_baseline_is_progression_once_measurable():
    assert last((0, 0), (0.4, 0)) == "SD"
    assert last((0, 0), (0.6, 0)) == "PD"


def test_nothing_left_is_complete_response_only_off_steroids():
    assert last((4, 2), (0, 0)) == "CR"
    assert last((4, 2), (0, 2)) == "PR"


def test_without_measurable_disease_at_baseline_there_is_no_response():
    assert last((0.3, 0), (0, 0)) == "SD"


def test_a_new_lesion_is_progression_on_any_dose():
    new = Assessment(3.0, 0.0, declined=False, new_lesion=True)
    assert categories([Assessment(2.0, 8.0, declined=False), new])[-1] == "PD"


def test_growth_on_fewer_steroids_is_no_progression():
    assert last((10, 8), (20, 2)) == "SD"


def test_more_steroids_hide_no_response_and_leave_stable_disease_open():
    assert last((10, 2), (10, 4)) == "NE"
    assert last((10, 2), (3, 4)) == "SD"


def test_clinical_decline_is_progression():
    assert last((10, 2), (10, 2, True)) == "PD"
