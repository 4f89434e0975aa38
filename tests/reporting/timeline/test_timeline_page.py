"""The page of a patient: exact figures, reasons, and what is unknown called so."""

import html
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from gliokit.core.findings import DetectionLimit, Quantity
from gliokit.core.vocabulary import MRSequence, Region
from gliokit.measurement.lesion_matching import State
from gliokit.reporting.stage import set_stage
from gliokit.reporting.timeline_page import timeline_page
from gliokit.reporting.timeline_pictures import visit_pictures

ODD = '<b onclick="x">&amp;'
EMPTY_TAGS = {"meta", "br", "image", "path", "circle", "rect", "polyline"}


def words(page):
    body = re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())


def rows(page):
    return [words(row) for row in re.findall(r"<tr.*?</tr>", page, re.DOTALL)]


class Nesting(HTMLParser):
    """Checks that every tag is closed in order."""

    def __init__(self):
        super().__init__()
        self.open = []

    def handle_starttag(self, tag, attrs):
        """Remember a tag."""
        if tag not in EMPTY_TAGS:
            self.open.append(tag)

    def handle_endtag(self, tag):
        """Forget the last one, which this must close."""
        if tag not in EMPTY_TAGS:
            assert self.open.pop() == tag


@pytest.fixture
def page(timeline):
    """Give the page of the patient."""
    return timeline_page(timeline)


def test_the_title_names_the_patient_and_what_the_page_is_not_for(page):
    assert "<title>P-007 · glioma timeline</title>" in page
    assert words(page).count("For research use only; not a medical device.") == 2


def test_simulated_patients_are_called_so_at_the_top(timeline, page):
    assert "imulated" not in page
    text = words(timeline_page(replace(timeline, simulated=True)))
    assert "simulated" in text[:200]
    assert "Simulated patient: images, sizes and facts are made by a program." in text


def test_a_visit_stands_with_its_figures(page):
    assert (
        "second 56 after 1.8 months 500 T2/FLAIR unknown none T2/FLAIR unknown absent "
        "T2/FLAIR unknown 4 90 stable slices 5 mm apart" in rows(page)
    )
    assert "second 56 25.00 5.00 2.50 to 10.00" in rows(page)


def test_a_change_of_volume_stands_with_its_interval_and_how_sure_it_is(page):
    row = next(row for row in rows(page) if row.startswith("third 112 Enhancing tumor"))
    assert "-62.5 % day 0" in row
    assert "≤ -65 %:" in row
    assert row.count(" sure") == 3
    assert "-40.0 % day 56" in row
    whole = next(row for row in rows(page) if row.startswith("Whole tumor") and "day 112" in row)
    assert "sure" not in whole
    assert "The errors of two visits are taken as independent." in words(page)


def test_a_visit_before_that_is_the_smallest_is_not_told_twice(page):
    second = next(row for row in rows(page) if row.startswith("second 56 Enhancing tumor"))
    assert second.count("-37.5 %") == 2
    assert second.endswith("that is the smallest")


def test_the_detection_limit_stands_beside_the_volumes(timeline, page):
    assert "is found from" not in words(page)
    volume = Quantity(0.2, "mL")
    limit = DetectionLimit(Region.ENHANCING_TUMOR, volume, volume, volume, None, "By rule.")
    visits = (replace(timeline.visits[0], detection_limit=limit), *timeline.visits[1:])
    page = timeline_page(replace(timeline, visits=visits))
    assert "baseline 0 160.00" not in rows(page)
    assert any(row.startswith("baseline 0 ") and row.endswith(" 0.20") for row in rows(page))
    assert 'title="By rule."' in page


def test_a_baseline_without_targets_is_told(timeline):
    bare = [
        replace(visit, enhancing=replace(visit.enhancing, targets=())) for visit in timeline.visits
    ]
    text = words(timeline_page(replace(timeline, visits=tuple(bare))))
    assert "At the baseline (day 0) no enhancing lesion is large enough to be a target" in text
    assert "large enough to be a target" not in words(timeline_page(timeline))


def test_notes_of_the_whole_stand_at_the_top(timeline):
    text = words(timeline_page(replace(timeline, notes=("Left out: S, damaged.",))))
    assert "Read with care Left out: S, damaged." in text


def test_unknown_facts_are_called_unknown(page):
    third = next(row for row in rows(page) if row.startswith("third 112 after"))
    assert third.endswith("unknown unknown unknown –")
    assert "Unknown facts leave categories open: steroid dose." in words(page)


def test_a_dose_of_zero_is_a_zero(page):
    fourth = next(row for row in rows(page) if row.startswith("fourth 168 after"))
    assert " 0 90 stable " in fourth


def test_a_category_stands_with_change_reason_and_clause(page):
    assert (
        "168 fourth PD progression dated to day 168 600 mm² -25.0 % +100.0 % enhancing tumor "
        "measures 600 mm², or 6 mL clause RANO 2.0 7" in rows(page)
    )


def test_categories_that_remain_possible_are_named(page):
    third = next(row for row in rows(page) if row.startswith("112 third not assessable"))
    assert third.startswith("112 third not assessable possible: preliminary PR or SD 300 mm²")


def test_a_criterion_that_cannot_be_used_says_why(page):
    text = words(page)
    assert "Not used, for reasons told under each: rano_lgg2011." in text
    assert "Not used: T2/FLAIR cannot be seen at every visit." in text


def test_the_clauses_that_decided_are_told_with_where_they_were_read(page):
    folded = page[page.index("Clauses that decided") :]
    assert "<dt>RANO 2.0 7</dt>" in folded
    assert "10.1200/JCO.23.01059" in folded


def test_the_clause_of_a_lesion_that_is_no_target_is_told_too(timeline):
    verdict = timeline.verdicts[0]
    worse = replace(verdict.assessments[-1], clauses=("RANO 2.0 5", "non-measurable lesion"))
    verdict = replace(verdict, assessments=(*verdict.assessments[:-1], worse))
    page = timeline_page(replace(timeline, verdicts=(verdict,)))
    folded = words(page[page.index("Clauses that decided") :])
    assert "non-measurable lesion both diameters have grown by 5 mm or more" in folded
    assert "(a review)" in folded


def test_a_criterion_that_the_catalogue_lacks_is_told_by_its_name(timeline):
    verdict = replace(timeline.verdicts[0], criterion="own2030")
    page = timeline_page(replace(timeline, verdicts=(verdict,)))
    assert "own2030" in words(page)
    assert "Clauses that decided" not in page


def test_lesions_are_followed_from_the_visit_that_shows_them(page):
    assert "L1 0 baseline there at the first visit target 40.0 × 20.0 800 8.00 yes" in rows(page)
    assert "L2 168 fourth new no target 8.0 × 5.0 40 0.40 no: 5 mm, needed 10 mm" in rows(page)
    assert len([row for row in rows(page) if row.startswith("L2 ")]) == 1
    assert "baseline, second, third, fourth: measured on the acquired slices" in words(page)


def test_a_lesion_that_vanished_has_no_size(timeline):
    last = timeline.visits[-1]
    gone = replace(
        last.enhancing,
        lesions=last.enhancing.lesions[1:],
        states=(("L1", State.VANISHED), ("L2", State.NEW)),
    )
    visits = (*timeline.visits[:-1], replace(last, enhancing=gone))
    assert "168 fourth vanished nothing to measure" in rows(
        timeline_page(replace(timeline, visits=visits))
    )


def test_parts_of_a_lesion_stand_below_each_other_and_merged_ones_name_each_other(timeline):
    last = timeline.visits[-1]
    first, second = last.enhancing.lesions
    changed = replace(
        last.enhancing,
        lesions=(first, replace(second, name="L1+L2")),
        states=(("L1", State.SPLIT), ("L2", State.MERGED)),
    )
    visits = (*timeline.visits[:-1], replace(last, enhancing=changed))
    found = rows(timeline_page(replace(timeline, visits=visits)))
    assert any(
        row.startswith("168 fourth split target 30.0 × 20.0 8.0 × 5.0 600 40") for row in found
    )
    assert any("(one with L1+L2)" in row for row in found if row.startswith("L2"))


def test_a_part_of_the_tumor_that_no_visit_shows_is_unknown(page):
    assert "T2/FLAIR abnormality Unknown: no visit shows it." in words(page)


def test_no_millimeters_are_printed_where_they_are_false(timeline, case):
    pictures = visit_pictures([("baseline", set_stage(case.study, case.labels))], (13, 13, 7))
    page = timeline_page(replace(timeline, voxel_units=True), pictures)
    text = words(page)
    assert not re.search(r"\b(mm|mL)", text)
    assert "lengths in voxels" in text[:200]
    assert "second 56 25000 5000 2500 to 10000" in rows(page)
    assert "enhancing tumor measures 600 voxels², or 6 thousand voxels" in text
    assert "50 voxels" in text
    assert ' mm"' not in page


def test_pictures_stand_with_their_day(timeline, case):
    stage = set_stage(case.study, case.labels)
    page = timeline_page(
        timeline, visit_pictures([("second", stage), ("other", stage)], (13, 13, 7))
    )
    assert page.count("<image ") == 4
    assert "second · day 56 " in words(page)
    assert "other · day" not in words(page)


@pytest.mark.parametrize(("visits", "columns"), [(1, 1), (5, 5), (6, 3), (7, 4), (11, 4)])
def test_pictures_are_shared_out_to_rows(timeline, case, visits, columns):
    pictures = visit_pictures([("a", set_stage(case.study, case.labels))], (13, 13, 7)) * visits
    assert f"--columns: {columns}" in timeline_page(timeline, pictures)


def test_only_outlines_that_are_shown_are_explained(timeline, make_case):
    case = make_case(sequences=(MRSequence.T1C,))
    pictures = visit_pictures([("a", set_stage(case.study, case.labels))], (13, 13, 7))
    text = words(timeline_page(timeline, pictures))
    assert "Enhancing tumor on T1c." in text
    assert "on FLAIR" not in text


def test_treatment_is_told_and_what_is_unknown_of_it(page):
    text = words(page)
    assert "Radiation day -40 to day 0 Treatment judged temozolomide, from day 14" in text
    assert "Immunotherapy none known" in text


def test_ids_and_texts_cannot_break_the_page(timeline):
    visit = replace(timeline.visits[0], study_id=ODD, notes=(ODD,))
    verdict = timeline.verdicts[0]
    told = replace(verdict.assessments[0], reason=ODD, clauses=(ODD,))
    odd = replace(
        timeline,
        patient_id=ODD,
        therapy=ODD,
        visits=(visit, *timeline.visits[1:]),
        verdicts=(replace(verdict, criterion=ODD, assessments=(told,)),),
    )
    page = timeline_page(odd)
    assert "<b onclick" not in page
    assert words(page).count(ODD) >= 8


def test_the_page_needs_no_script_and_no_network(timeline, case):
    pictures = visit_pictures([("baseline", set_stage(case.study, case.labels))], (13, 13, 7))
    page = timeline_page(timeline, pictures)
    assert not re.search(r"<script|<link|@import|(src|href)=.http|url\(", page)


def test_every_tag_is_closed(timeline, case):
    pictures = visit_pictures([("baseline", set_stage(case.study, case.labels))], (13, 13, 7))
    parser = Nesting()
    parser.feed(timeline_page(timeline, pictures))
    parser.close()
    assert parser.open == []


def test_a_patient_without_visits_or_criteria_has_a_page(timeline):
    text = words(timeline_page(replace(timeline, visits=(), verdicts=())))
    assert "No visit." in text
    assert "No criterion was applied." in text


def test_one_visit_has_a_page(timeline):
    text = words(timeline_page(replace(timeline, visits=timeline.visits[:1], verdicts=())))
    assert "1 visit, on day 0." in text


def test_the_same_timeline_gives_the_same_page(timeline):
    assert timeline_page(timeline) == timeline_page(timeline)
