"""Series are told apart by header and pixels, not by what they are called."""

from dataclasses import replace

import numpy as np
import pytest

from gliokit.core.image import Image
from gliokit.core.series import AcquisitionFacts, Series
from gliokit.core.vocabulary import MRSequence
from gliokit.phantom.body.individual import TINY
from gliokit.phantom.study import simulate_study
from gliokit.preprocessing.header_evidence import FAIR, SeriesKind, header_log_odds
from gliokit.preprocessing.identify import T1_KINDS, identify

T1, T1C, T2, FLAIR = MRSequence
SHORT = AcquisitionFacts(repetition_ms=550, echo_ms=10)
LONG = AcquisitionFacts(repetition_ms=4500, echo_ms=95)
NULLED = AcquisitionFacts(repetition_ms=9000, echo_ms=120, inversion_ms=2400)


def head(*, fluid, vessel=1.0, spacing=5.0):
    """Make a ball of tissue with a ventricle and a vessel."""
    shape = (48, 48, int(200 // spacing))
    steps = np.array([4.0, 4.0, spacing])
    affine = np.diag([*steps, 1.0])
    affine[:3, 3] = -steps * (np.array(shape) - 1) / 2
    place = np.moveaxis(np.indices(shape), 0, -1) * steps + affine[:3, 3]
    r = np.linalg.norm(place, axis=-1)
    array = np.where(r < 85, 100 + np.random.default_rng(1).normal(0, 3, shape), 1.0)
    array[r < 18] *= fluid
    array[(np.abs(r - 60) < 8) & (place[..., 0] > 40)] *= vessel
    return Image(array.astype(np.float32), affine)


def in_air(image, *, ghost=0.0):
    """Put noise into the air around a head, and a copy of the head, moved by half the field."""
    rng = np.random.default_rng(2)
    moved = ghost * np.roll(image.array, image.array.shape[0] // 2, axis=0)
    noise = rng.normal(0, 2, (2, *image.array.shape))
    return replace(
        image, array=np.hypot(image.array + moved + noise[0], noise[1]).astype(np.float32)
    )


def study():
    return [
        Series(1, head(fluid=0.3), SHORT),
        Series(2, head(fluid=2.5), LONG),
        Series(3, head(fluid=0.3), NULLED),
        Series(4, head(fluid=0.3, vessel=1.8), SHORT),
    ]


def numbers(plan):
    return {sequence: choice.number for sequence, choice in plan.chosen.items()}


def test_four_series_are_named_by_times_and_enhancement():
    assert numbers(identify(study())) == {T1: 1, T2: 2, FLAIR: 3, T1C: 4}


def test_the_order_of_the_series_does_not_matter():
    assert identify(study()[::-1]) == identify(study())


def test_swapped_descriptions_change_nothing_and_are_reported():
    series = study()
    for place, text in ((1, "AX FLAIR"), (2, "AX T2")):
        facts = replace(series[place].facts, description=text)
        series[place] = replace(series[place], facts=facts)
    plan = identify(series)
    assert numbers(plan) == {T1: 1, T2: 2, FLAIR: 3, T1C: 4}
    assert [n.code for n in plan.notices] == ["description-contradicted"] * 2


def test_a_t1_that_is_only_described_as_contrast_is_not_taken_for_one():
    series = study()[:3]
    series[0] = replace(series[0], facts=replace(SHORT, description="AX T1 POST"))
    plan = identify([*series, Series(5, head(fluid=0.3, vessel=1.8), SHORT)])
    assert numbers(plan)[T1C] == 5
    assert numbers(plan)[T1] == 1


def agent(series, entered):
    return replace(series, facts=replace(series.facts, contrast_agent=entered))


def test_a_t1_after_an_agent_is_one_with_it_though_none_is_entered():
    alike = head(fluid=0.3)  # no enhancement tells them apart
    series = [Series(n, alike, SHORT) for n in (1, 2, 3)]
    plan = identify([agent(series[0], False), agent(series[1], True), agent(series[2], False)])
    assert [kind for kind, _ in plan.kinds.values()] == [SeriesKind.T1, T1C, T1C]


def test_thin_slices_do_not_make_up_for_doubt():
    unsure = AcquisitionFacts("t1", repetition_ms=550, echo_ms=10, contrast_agent=False)
    thin = Series(5, head(fluid=0.3, spacing=4.0), replace(unsure, acquisition=3))
    plan = identify([*(agent(one, False) for one in study()), thin])
    assert plan.kinds[5][0] is SeriesKind.T1
    assert plan.kinds[5][1] > 0.7
    assert plan.chosen[T1].number == 1


def test_of_two_t2_the_thinner_is_taken():
    plan = identify([*study(), Series(5, head(fluid=2.5, spacing=4.0), LONG)])
    assert plan.chosen[T2].number == 5


def test_a_thinner_slab_is_not_taken_for_a_whole_head():
    thin = head(fluid=2.5, spacing=2.0)
    slab = Image(thin.array[..., 30:70].copy(), thin.affine)
    plan = identify([*study(), Series(5, slab, LONG)])
    assert plan.kinds[5][0] is SeriesKind.T2
    assert plan.chosen[T2].number == 2


def chosen_t2(*images):
    plan = identify([Series(number, image, LONG) for number, image in enumerate(images, 1)])
    return plan.chosen[T2]


def test_of_a_scan_and_its_repeat_the_one_without_motion_is_taken_and_the_plan_says_why():
    image = head(fluid=2.5)
    choice = chosen_t2(in_air(image, ghost=0.2), in_air(image))
    assert choice.number == 2
    assert "best of 2: less motion than in series 1" in choice.reason
    assert chosen_t2(in_air(image), in_air(image, ghost=0.2)).number == 1


def test_of_two_still_scans_the_first_is_taken_and_motion_is_not_spoken_of():
    choice = chosen_t2(in_air(head(fluid=2.5)), in_air(head(fluid=2.5)))
    assert choice.number == 1
    assert "motion" not in choice.reason


@pytest.mark.parametrize(("ghost", "taken"), [(0.2, 1), (0.03, 2)], ids=["clear", "slight"])
def test_a_thin_scan_loses_against_a_thicker_one_by_clear_motion_only(ghost, taken):
    thin = in_air(head(fluid=2.5, spacing=4.0), ghost=ghost)
    assert chosen_t2(in_air(head(fluid=2.5)), thin).number == taken


def test_slight_ghosts_decide_between_scans_that_are_else_alike():
    image = head(fluid=2.5)
    assert chosen_t2(in_air(image, ghost=0.03), in_air(image)).number == 2


def test_a_whole_head_that_moved_goes_before_a_still_slab():
    thin = head(fluid=2.5, spacing=2.0)
    slab = Image(thin.array[..., 30:70].copy(), thin.affine)
    assert chosen_t2(in_air(head(fluid=2.5), ghost=0.2), in_air(slab)).number == 1


def test_a_scan_whose_motion_is_not_judged_is_neither_taken_for_still_nor_for_moved():
    silent, image = head(fluid=2.5), head(fluid=2.5)
    judged = chosen_t2(silent, in_air(image))
    assert judged.number == 2
    assert "whether the head moved in series 1 cannot be told" in judged.reason
    unjudged = chosen_t2(in_air(image, ghost=0.2), silent)
    assert unjudged.number == 2
    assert "the head moved in series 1 (ghosts in the air of 0." in unjudged.reason
    assert "less motion" not in judged.reason + unjudged.reason


def kind_by_header(facts):
    odds = header_log_odds(facts)
    return max(odds, key=lambda kind: odds[kind])


def test_an_inversion_whose_time_is_not_stated_makes_a_long_echo_flair():
    silent = replace(NULLED, inversion_ms=None)
    assert kind_by_header(replace(silent, scanning_sequence=("IR",))) is SeriesKind.FLAIR
    assert kind_by_header(replace(silent, scanning_sequence=("SE",))) is SeriesKind.T2


@pytest.mark.parametrize("times", [(28, 20), (650, 25)], ids=["SWI", "T2*"])
def test_a_late_gradient_echo_is_no_t1(times):
    repetition, echo = times
    facts = AcquisitionFacts(repetition_ms=repetition, echo_ms=echo)
    assert kind_by_header(replace(facts, scanning_sequence=("GR",))) is SeriesKind.SWI
    assert kind_by_header(replace(facts, scanning_sequence=("SE",))) in T1_KINDS


def test_long_times_of_echo_planar_images_are_no_t2():
    diffusion = replace(LONG, scanning_sequence=("EP", "SE"))
    odds = header_log_odds(diffusion)
    assert odds[SeriesKind.DWI] > odds[SeriesKind.T2] + FAIR  # the most that its fluid can add
    as_map = header_log_odds(replace(diffusion, image_type=("DERIVED", "SECONDARY")))
    assert as_map[SeriesKind.ADC] == as_map[SeriesKind.DWI] > as_map[SeriesKind.T2]


def test_an_override_wins_and_is_said():
    plan = identify(study(), overrides={T1C: 1})
    assert plan.chosen[T1C].number == 1
    assert "sequence-overridden" in {notice.code for notice in plan.notices}
    with pytest.raises(ValueError, match="series 9"):
        identify(study(), overrides={T1: 9})


def test_nothing_is_guessed_without_a_header():
    plan = identify([replace(one, facts=AcquisitionFacts()) for one in study()])
    assert not {T1, T1C, FLAIR} & plan.chosen.keys()
    assert "sequence-not-assessable" in {notice.code for notice in plan.notices}


def test_maps_and_localizers_are_no_sequence():
    adc = AcquisitionFacts(image_type=("DERIVED", "ADC"), scanning_sequence=("EP",))
    few = Image(head(fluid=0.3).array[..., :3].copy(), head(fluid=0.3).affine)
    plan = identify([Series(1, head(fluid=2.5), adc), Series(2, few, SHORT)])
    assert [kind for kind, _ in plan.kinds.values()] == [SeriesKind.ADC, SeriesKind.LOCALIZER]
    assert not plan.chosen


def test_stripped_images_of_one_grid_are_named_by_pixels_alone():
    images = simulate_study(2, voxels=TINY).study.images
    order = (FLAIR, T1C, T2, T1)
    plan = identify([Series(n, images[sequence]) for n, sequence in enumerate(order, 1)])
    assert numbers(plan) == {sequence: n for n, sequence in enumerate(order, 1)}
