"""Courses of several visits: references, confirmation, steroids, and what is not known."""

from dataclasses import replace

import pytest

from gliokit.core.errors import SettingsError
from gliokit.core.vocabulary import ClinicalChange
from gliokit.measurement.response.catalogue import CRITERIA
from gliokit.measurement.response.facts import Enhancement, Flair, NewLesion, NonTarget
from gliokit.measurement.response.readings import (
    ConfirmAgainst,
    GrowthOnFewerSteroids,
    NadirAfterPseudoprogression,
    Readings,
    ResponseOnMoreSteroids,
)
from gliokit.measurement.response.visit import Disease, Treatment, Visit, Worse
from gliokit.measurement.response.vocabulary import Component, Pseudo, Response

BY_AREA = [name for name in CRITERIA if not name.endswith("volume")]


@pytest.mark.parametrize("criterion", BY_AREA)
def test_response_is_from_the_baseline_and_progression_from_the_nadir(visit, classify, criterion):
    # back to 62.5 % of the baseline, but a quarter above the nadir
    last = classify([visit(0, 400), visit(60, 200), visit(120, 250)], criterion)[-1]
    assert last.category in (Response.PROGRESSIVE, Response.PRELIMINARY_PROGRESSIVE)
    assert last.sizes[0].nadir == 200
    assert last.sizes[0].nadir_day == 60
    assert last.sizes[0].baseline == 400
    assert last.sizes[0].change_from_nadir == 0.25
    assert last.sizes[0].change_from_baseline == -0.375


@pytest.mark.parametrize("criterion", CRITERIA)
def test_growth_under_rising_steroids_is_never_stable(visit, classify, criterion):
    visits = [visit(0, 400), visit(60, 400), visit(120, 1000, dose=8)]
    last = classify(visits, criterion)[-1]
    assert last.category in (Response.PROGRESSIVE, Response.PRELIMINARY_PROGRESSIVE)


@pytest.mark.parametrize("criterion", CRITERIA)
def test_growth_at_an_unknown_dose_is_never_stable(visit, classify, criterion):
    last = classify([visit(0, 400), visit(60, 1000, dose=None)], criterion)[-1]
    assert Response.STABLE not in last.possible


@pytest.mark.parametrize("criterion", CRITERIA)
def test_response_on_a_stable_dose_is_a_response(visit, categories, criterion):
    visits = [visit(0, 400, dose=4), visit(60, 100, dose=4), visit(100, 100, dose=4)]
    assert categories(visits, criterion)[1:] == ["preliminary PR", "PR"]


@pytest.mark.parametrize("criterion", ["rano_hgg2010", "rano_lgg2011", "rano2_2023"])
def test_size_of_a_response_on_a_raised_dose_is_no_response(visit, categories, criterion):
    visits = [visit(0, 400, dose=2), visit(60, 100, dose=4)]
    assert categories(visits, criterion)[-1] == "not assessable"
    readings = Readings(response_on_more_steroids=ResponseOnMoreSteroids.STABLE)
    assert categories(visits, criterion, readings=readings)[-1] == "SD"


def test_complete_response_needs_to_be_off_steroids(visit, categories):
    visits = [visit(0, 400), visit(60, 0, dose=2), visit(100, 0, dose=0), visit(140, 0, dose=0)]
    assert categories(visits)[1:] == ["preliminary PR", "preliminary CR", "CR"]
    allowed = categories(visits, physiologic_mg_per_day=2)
    assert allowed[1:] == ["preliminary CR", "CR", "CR"]


@pytest.mark.parametrize("reading", GrowthOnFewerSteroids)
@pytest.mark.parametrize("criterion", ["macdonald1990", "rano_hgg2010", "rano_lgg2011"])
def test_growth_on_fewer_steroids_is_as_it_is_read(visit, categories, criterion, reading):
    visits = [visit(0, 400, dose=4), visit(60, 600, dose=2)]
    readings = Readings(growth_on_fewer_steroids=reading)
    expected = {"progression": "PD", "stable": "SD", "not assessable": "not assessable"}
    assert categories(visits, criterion, readings=readings)[-1] == expected[reading]


def test_a_response_is_confirmed_from_the_28th_day(visit, categories):
    sizes = [(0, 400), (30, 150), (57, 150), (58, 150)]
    assert categories([visit(day, size) for day, size in sizes])[1:] == [
        "preliminary PR",
        "preliminary PR",
        "PR",
    ]


def test_a_response_that_is_lost_before_it_is_confirmed_starts_again(visit, categories):
    sizes = [(0, 400), (30, 200), (50, 220), (70, 200), (90, 200), (98, 200)]
    assert categories([visit(day, size) for day, size in sizes])[1:] == [
        "preliminary PR",
        "SD",
        "preliminary PR",
        "preliminary PR",
        "PR",
    ]


def test_unconfirmed_responses_count_as_what_is_confirmed(visit, classify):
    sizes = [(0, 400), (30, 150), (60, 150), (90, 0), (120, 0)]
    found = classify([visit(day, size, dose=0) for day, size in sizes])
    assert [str(it.category) for it in found[1:]] == [
        "preliminary PR",
        "PR",
        "preliminary CR",
        "CR",
    ]
    assert [it.counted_as for it in found[1:]] == [
        (Response.STABLE,),
        (Response.PARTIAL,),
        (Response.PARTIAL,),
        (Response.COMPLETE,),
    ]


def test_a_missing_visit_neither_confirms_nor_ends_a_response(visit, classify, categories):
    visits = [visit(0, 400), visit(30, 150), Visit(50), visit(58, 150)]
    found = classify(visits)
    assert found[2].category is Response.NOT_ASSESSABLE
    # it might have ended the response
    assert set(found[3].possible) == {Response.PRELIMINARY_PARTIAL, Response.PARTIAL}
    assert categories([visits[0], visits[1], visits[3]])[-1] == "PR"


def test_confirmation_can_be_waived(visit, categories):
    visits = [visit(0, 400), visit(30, 150)]
    assert categories(visits, confirm_responses=False)[-1] == "PR"


def test_baseline_without_measurable_disease_has_no_response(visit, categories):
    visits = [visit(0, 0, dose=0), visit(60, 0, dose=0), visit(120, 90), visit(180, 150)]
    # 90 mm² are not measurable; 150 mm² are, where there was nothing
    found = categories([visits[0], visits[1], replace(visits[2], dexamethasone_mg_per_day=0)])
    assert found[1:] == ["SD", "SD"]
    grown = [replace(it, dexamethasone_mg_per_day=0) for it in visits]
    assert categories(grown)[-1] == "PD"


def test_macdonald_states_no_smallest_size_so_that_any_is_measured_and_any_growth_counts(
    visit, categories
):
    visits = [
        visit(0, 60, dose=0),
        visit(60, 0, dose=0),
        visit(100, 0, dose=0),
        visit(140, 4, dose=0),
    ]
    assert categories(visits, "macdonald1990")[1:] == ["preliminary CR", "CR", "PD"]
    assert categories(visits, "macdonald1990-volume")[1:] == ["preliminary CR", "CR", "PD"]
    assert categories(visits, "rano_hgg2010")[1:] == ["SD", "SD", "SD"]
    nothing = [visit(0, 0, dose=0), visit(60, 0, dose=0)]
    assert categories(nothing, "macdonald1990")[-1] == "SD"


def test_growth_that_is_too_small_to_count_is_told(visit, classify):
    visits = [visit(0, 400, dose=0), visit(60, 0, dose=0), visit(120, 81, dose=0)]
    last = classify(visits)[-1]
    assert last.category is Response.PARTIAL
    assert "which counts once it reaches 100 mm²" in last.reason
    assert "nothing that is measured" in last.reason


def test_recurrence_after_complete_response_is_progression_though_its_ratio_is_infinite(
    visit, classify
):
    visits = [visit(0, 400, dose=0), visit(60, 0, dose=0), visit(120, 120, dose=0)]
    last = classify(visits)[-1]
    assert last.category is Response.PROGRESSIVE
    assert last.sizes[0].change_from_nadir is None


def test_new_measurable_lesion_is_progression_whatever_the_size(visit, categories):
    visits = [visit(0, 400), visit(60, 100, new_lesion=NewLesion.MEASURABLE)]
    assert [categories(visits, name)[-1] for name in ("macdonald1990", "rano2_2023")] == ["PD"] * 2


@pytest.mark.parametrize(
    ("criterion", "expected"), [("rano_hgg2010", "PD"), ("rano2_2023", "SD"), ("mrano2017", "SD")]
)
def test_new_dot_is_progression_for_rano_2010_but_not_for_later_criteria(
    visit, classify, criterion, expected
):
    last = classify([visit(0, 400), visit(60, 400, new_lesion=NewLesion.NOT_MEASURABLE)], criterion)
    assert last[-1].category == expected
    assert (expected == "PD") is not ("not measurable, and counts once it is" in last[-1].reason)


def test_unknown_new_lesion_gives_the_categories_that_remain(visit, classify):
    last = classify([visit(0, 400), visit(60, 400, new_lesion=None)])[-1]
    assert last.category is Response.NOT_ASSESSABLE
    assert last.possible == (Response.STABLE, Response.PROGRESSIVE)
    assert last.unknown == ("new lesions",)
    assert last.reason.startswith("unknown: new lesions; it is ")


def test_an_unknown_dose_that_does_not_matter_is_not_missed(visit, classify):
    visits = [visit(0, 400), visit(60, 400, dose=None, new_lesion=NewLesion.MEASURABLE)]
    assert classify(visits)[-1].category is Response.PROGRESSIVE
    last = classify([visit(0, 400), visit(60, 150, dose=None)])[-1]
    assert last.possible == (Response.PRELIMINARY_PARTIAL, Response.NOT_ASSESSABLE)
    assert last.unknown == ("steroid dose",)


def test_clinical_decline_counts_unless_it_is_explained(visit, classify, categories):
    worse = {"clinical_change": ClinicalChange.WORSE}
    visits = [visit(0, 400), visit(60, 400, **worse)]
    assert categories(visits)[-1] == "PD"
    assert categories([visits[0], replace(visits[1], decline_explained=True)])[-1] == "SD"
    unknown = classify([visits[0], replace(visits[1], decline_explained=None)])[-1]
    assert set(unknown.possible) == {Response.STABLE, Response.PROGRESSIVE}


def test_a_patient_too_ill_to_be_scanned_is_progressive(visit, categories):
    for name in CRITERIA:
        assert categories([visit(0, 400), Visit(60, too_ill=True)], name)[-1] == "PD"


EARLY = Treatment(radiation_end_day=-21)


def test_growth_within_12_weeks_of_radiation_is_not_assignable_for_rano_2010(
    visit, classify, categories
):
    visits = [visit(0, 400), visit(40, 600)]
    assert categories(visits, "rano_hgg2010", treatment=EARLY)[-1] == "not assessable"
    for fact, why in (
        ("outside_field", "lies outside the radiation field"),
        ("progression_proven", "tissue proves it"),
    ):
        known = [visits[0], replace(visits[1], **{fact: True})]
        last = classify(known, "rano_hgg2010", treatment=EARLY)[-1]
        assert last.category is Response.PROGRESSIVE
        assert why in last.reason


@pytest.mark.parametrize(
    ("criterion", "day", "expected"),
    [
        ("rano_hgg2010", 62, "not assessable"),  # 83 days
        ("rano_hgg2010", 63, "PD"),  # 84 days: no longer less than 12 weeks
        ("rano2_2023", 63, "preliminary PD"),  # 84 days: within 12 weeks
        ("rano2_2023", 64, "PD"),
    ],
)
def test_the_day_12_weeks_after_radiation_belongs_where_the_criterion_puts_it(
    visit, categories, criterion, day, expected
):
    visits = [visit(0, 400), visit(day, 600)]
    assert categories(visits, criterion, treatment=EARLY)[-1] == expected


def test_growth_for_rano_2010_is_from_the_scan_after_radiation_but_response_from_that_before(
    visit, classify, categories
):
    irradiated = Treatment(radiation_end_day=70)
    sizes = [(0, 400), (100, 600), (160, 740), (190, 200), (230, 250)]
    visits = [visit(day, size) for day, size in sizes]
    found = classify(visits, "rano_hgg2010", treatment=irradiated)
    # 100 is early; 740 is 23 % above the 600 after radiation; 200 is half of the baseline
    expected = ["not assessable", "SD", "preliminary PR", "PD"]
    assert [str(it.category) for it in found[1:]] == expected
    assert [it.sizes[0].nadir_day for it in found[1:]] == [0, 100, 100, 190]
    # the same sizes without radiation: growth from the baseline
    assert categories(visits, "rano_hgg2010")[1:3] == ["PD", "PD"]
    assert categories(visits, "macdonald1990", treatment=irradiated)[2] == "PD"


def test_unknown_end_of_radiation_leaves_open_from_where_rano_2010_measures_growth(
    visit, classify, categories
):
    visits = [visit(0, 400), visit(100, 600), visit(200, 740, outside_field=True)]
    last = classify(visits, "rano_hgg2010", treatment=Treatment())[-1]
    assert last.possible == (Response.STABLE, Response.PROGRESSIVE)
    assert last.unknown == ("end of radiation",)
    for end, category in ((-200, "PD"), (50, "SD"), (150, "PD")):
        known = categories(visits, "rano_hgg2010", treatment=Treatment(radiation_end_day=end))
        assert known[-1] == category


def test_leptomeningeal_disease_is_progression_for_rano_2(visit, classify, categories):
    visits = [visit(0, 400), visit(60, 400, leptomeningeal=True)]
    assert categories(visits)[-1] == "PD"
    assert categories(visits, treatment=EARLY)[-1] == "preliminary PD"
    unknown = classify([visits[0], replace(visits[1], leptomeningeal=None)])[-1]
    assert set(unknown.possible) == {Response.STABLE, Response.PROGRESSIVE}
    assert unknown.unknown == ("leptomeningeal disease",)


def test_unknown_end_of_radiation_leaves_progression_open(visit, classify):
    last = classify([visit(0, 400), visit(60, 600)], treatment=Treatment())[-1]
    assert last.possible == (Response.PROGRESSIVE, Response.PRELIMINARY_PROGRESSIVE)
    assert last.unknown == ("end of radiation",)


def test_progression_confirmed_by_a_second_scan_is_dated_to_the_first(visit, classify):
    visits = [visit(0, 400), visit(40, 600), visit(67, 800), visit(68, 750)]
    found = classify(visits, treatment=EARLY)
    assert [str(it.category) for it in found[1:]] == ["preliminary PD", "preliminary PD", "PD"]
    assert [it.progression_day for it in found] == [None, None, None, 40]


def test_progression_not_confirmed_was_pseudoprogression(visit, classify):
    visits = [visit(0, 400), visit(40, 600), visit(80, 600), visit(120, 600), visit(160, 760)]
    found = classify(visits, treatment=EARLY)
    assert [str(it.category) for it in found[1:]] == ["preliminary PD", "SD", "SD", "PD"]
    assert [it.pseudo for it in found[1:]] == [None, Pseudo.PROGRESSION, None, None]
    assert found[-1].progression_day == 160


@pytest.mark.parametrize("size", [900, 500])
def test_a_second_scan_later_than_is_asked_for_counts_and_that_is_said(visit, classify, size):
    late = "it came after 57 days, 56 are asked for at most, and it counts all the same"
    for day, expected in ((96, False), (97, True)):
        found = classify([visit(0, 400), visit(40, 600), visit(day, size)], treatment=EARLY)
        assert "until a scan 28 to 56 days later" in found[1].reason
        assert str(found[2].category) == ("PD" if size == 900 else "SD")
        assert (late in found[2].reason) is expected
    plain = classify([visit(0, 400), visit(40, 600), visit(300, size)], "mrano2017")
    assert "until a scan at least 28 days later" in plain[1].reason
    assert "asked for at most" not in plain[2].reason


def test_what_confirms_progression_is_as_it_is_read(visit, categories):
    visits = [visit(0, 400), visit(40, 600), visit(80, 600)]
    readings = Readings(confirm_against=ConfirmAgainst.NADIR)
    assert categories(visits, treatment=EARLY, readings=readings)[-1] == "PD"


def test_nadir_after_pseudoprogression_is_as_it_is_read(visit, categories):
    visits = [visit(0, 400), visit(40, 600), visit(80, 600), visit(120, 600)]
    readings = Readings(nadir_after_pseudoprogression=NadirAfterPseudoprogression.KEPT)
    assert categories(visits, treatment=EARLY, readings=readings)[2:] == ["SD", "PD"]


def test_what_is_unknown_while_a_progression_waits_is_said_to_matter_not(visit, classify):
    last = classify([visit(0, 400), visit(40, 600), Visit(60)], treatment=EARLY)[-1]
    assert last.category is Response.PRELIMINARY_PROGRESSIVE
    assert last.reason.startswith("the preliminary progression of day 40 stands until a scan")
    assert "unknown, and without a bearing on it: size" in last.reason


def test_what_decides_between_two_meanings_of_one_finding_is_told_of_both(visit, classify):
    last = classify([visit(0, 400), visit(60, 600)], treatment=Treatment())[-1]
    assert "otherwise confirmation is not mandatory" in last.reason
    assert "within 12 weeks of radiation must be confirmed" in last.reason


def test_a_second_scan_that_cannot_be_assessed_leaves_progression_preliminary(visit, categories):
    growth_on_fewer = visit(80, 900, dose=0)
    visits = [visit(0, 400), visit(40, 600), growth_on_fewer, visit(110, 900)]
    assert categories(visits, treatment=EARLY)[1:] == ["preliminary PD", "preliminary PD", "PD"]


def test_tissue_makes_an_early_progression_final(visit, classify):
    visits = [visit(0, 400), visit(40, 600), visit(50, 760, progression_proven=True)]
    last = classify(visits, treatment=EARLY)[-1]
    assert last.category is Response.PROGRESSIVE
    assert last.progression_day == 40


def test_agents_known_for_pseudoprogression_need_confirmation_at_any_time(visit, categories):
    treatment = Treatment(irradiated=False, prone_to_pseudoprogression=True)
    visits = [visit(0, 400), visit(400, 600)]
    assert categories(visits, treatment=treatment)[-1] == "preliminary PD"


def test_modified_rano_calls_a_lost_unconfirmed_response_pseudoresponse(visit, classify):
    visits = [visit(0, 400), visit(40, 150), visit(60, 300)]
    last = classify(visits, "mrano2017")[-1]
    assert last.category is Response.PRELIMINARY_PROGRESSIVE
    assert last.pseudo is Pseudo.RESPONSE
    kept = [visit(0, 400), visit(40, 150), visit(70, 150), visit(100, 300)]
    assert classify(kept, "mrano2017")[-1].pseudo is None


def test_modified_rano_confirms_every_progression_but_a_clinical_one(visit, categories):
    visits = [visit(0, 400), visit(300, 600), visit(340, 750)]
    assert categories(visits, "mrano2017")[1:] == ["preliminary PD", "PD"]
    worse = visit(300, 400, clinical_change=ClinicalChange.WORSE)
    assert categories([visit(0, 400), worse], "mrano2017")[-1] == "PD"


IMMUNE = Treatment(irradiated=False, immunotherapy_start_day=0)


@pytest.mark.parametrize(
    ("day", "expected"), [(183, "preliminary PD"), (184, "PD"), (30, "preliminary PD")]
)
def test_immunotherapy_gives_six_months_of_doubt(visit, categories, day, expected):
    visits = [visit(0, 400), visit(day, 600)]
    assert categories(visits, "irano2015", treatment=IMMUNE)[-1] == expected


def test_immunotherapy_asks_for_three_months_before_confirmation(visit, classify):
    visits = [visit(0, 400), visit(30, 600), visit(120, 800), visit(121, 800)]
    found = classify(visits, "irano2015", treatment=IMMUNE)
    assert [str(it.category) for it in found[1:]] == ["preliminary PD", "preliminary PD", "PD"]
    assert found[-1].progression_day == 30


def test_immunotherapy_does_not_wait_when_the_patient_is_worse(visit, categories):
    visits = [visit(0, 400), visit(30, 600, clinical_change=ClinicalChange.WORSE)]
    assert categories(visits, "irano2015", treatment=IMMUNE)[-1] == "PD"


def test_immunotherapy_of_low_grade_tumors_keeps_the_minor_response(visit, categories):
    visits = [visit(0, 400), visit(30, 300), visit(60, 300)]
    found = categories(visits, "irano2015", treatment=IMMUNE, component=Component.NONENHANCING)
    assert found[1:] == ["preliminary MR", "MR"]


def test_low_grade_tumors_have_a_minor_response_and_fear_enhancement(visit, categories):
    visits = [visit(0, 400), visit(30, 300), visit(60, 300)]
    assert categories(visits, "rano_lgg2011")[1:] == ["preliminary MR", "MR"]
    enhancing = replace(visits[1], enhancement=Enhancement.INCREASED)
    assert categories([visits[0], enhancing], "rano_lgg2011")[-1] == "PD"


def test_enhancing_tumor_has_no_minor_response(visit, categories):
    visits = [visit(0, 400), visit(30, 300)]
    for name in ("macdonald1990", "rano_hgg2010", "mrano2017", "rano2_2023"):
        assert categories(visits, name)[-1] == "SD"


def test_flair_progression_is_for_rano_2010_and_not_for_modified_rano(visit, categories):
    visits = [visit(0, 400), visit(60, 400, flair=Flair.WORSE)]
    assert categories(visits, "rano_hgg2010")[-1] == "PD"
    assert categories(visits, "mrano2017")[-1] == "SD"


def test_an_undecided_visit_leaves_later_ones_decided_where_it_does_not_matter(visit, classify):
    visits = [visit(0, 400), visit(60, 400, new_lesion=None), visit(120, 600)]
    found = classify(visits)
    assert found[1].category is Response.NOT_ASSESSABLE
    assert found[2].category is Response.PROGRESSIVE


@pytest.mark.parametrize("criterion", CRITERIA)
def test_scaling_all_sizes_changes_no_category(visit, categories, criterion):
    sizes = [(0, 400), (30, 200), (60, 160), (90, 200), (120, 500), (160, 800)]
    once = categories([visit(day, size) for day, size in sizes], criterion)
    assert categories([visit(day, size * 7.3) for day, size in sizes], criterion) == once


@pytest.mark.parametrize("criterion", CRITERIA)
def test_every_answer_has_a_sentence_without_gaps_and_its_clause(visit, classify, criterion):
    sizes = [(0, 400), (30, 150), (60, 0), (90, 300), (130, 500), (170, None), (230, 900)]
    for assessment in classify([visit(day, size) for day, size in sizes], criterion):
        assert assessment.reason
        assert "{" not in assessment.reason
        assert "None" not in assessment.reason
        if assessment.sizes:
            assert assessment.clauses


def test_the_reason_tells_the_numbers(visit, classify):
    last = classify([visit(0, 400), visit(60, 200), visit(120, 250)])[-1]
    assert "grew by 25.0 % from 200 mm² on day 60 to 250 mm²" in last.reason
    assert last.clauses == ("RANO 2.0 7",)


def test_a_component_that_the_criterion_does_not_follow_is_refused(visit, classify):
    with pytest.raises(SettingsError, match="does not follow mixed tumor; choose one of"):
        classify([visit(0, 400)], "macdonald1990", component=Component.MIXED)


def test_an_unknown_criterion_is_refused_with_the_known_ones(visit, classify):
    with pytest.raises(SettingsError, match="no criterion 'recist'; choose one of macdonald1990"):
        classify([visit(0, 400)], "recist")


@pytest.mark.parametrize("criterion", ["rano_hgg2010", "rano_lgg2011", "rano2_2023"])
def test_why_lesions_that_are_no_targets_are_worse_stands_in_reason_and_clauses(
    visit, classify, criterion
):
    worse = Disease(400, 4, NonTarget.WORSE, Worse(("own clause",), "L2 from 100 to 130 mm²"))
    later = replace(visit(60, 400), enhancing=worse, nonenhancing=worse)
    last = classify([visit(0, 400), later], criterion)[-1]
    assert last.category is Response.PROGRESSIVE
    assert last.clauses[-1] == "own clause"
    assert "unequivocally worse: L2 from 100 to 130 mm²" in last.reason


def test_what_decides_before_lesions_that_are_no_targets_does_not_name_them(visit, classify):
    worse = Disease(400, 4, NonTarget.WORSE, Worse(("own clause",), "L2"))
    later = replace(visit(60, 400, new_lesion=NewLesion.MEASURABLE), enhancing=worse)
    last = classify([visit(0, 400), later])[-1]
    assert last.clauses == ("RANO 2.0 4",)
    assert "L2" not in last.reason
