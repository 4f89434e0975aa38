"""The report as a whole."""

import html
import re
from dataclasses import replace

import numpy as np
import pytest

from gliokit.core.course import Course
from gliokit.core.findings import (
    DISCLAIMER,
    DetectionLimit,
    Limit,
    Notice,
    PlannedSeries,
    QualityCheck,
    Quantity,
    SeriesPlan,
    Verdict,
)
from gliokit.core.vocabulary import Label, MRSequence, Phase, Region
from gliokit.preprocessing.quality import (
    agent,
    alignment,
    body_part,
    coverage,
    ghosting,
    noise,
    slices,
)
from gliokit.preprocessing.quality.judgment import Question
from gliokit.reporting.html import LESIONS_SHOWN, SMALL_LESIONS_SHOWN, render_report
from gliokit.reporting.wording import CHECK_TERMS


def render(case, **changes):
    return render_report(replace(case.findings, **changes), case.study, case.labels)


def words(report):
    """Give the text that a reader sees, on one line."""
    body = re.sub(r"<style>.*?</style>", "", report, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())


def test_report_needs_no_other_file_and_no_script(case):
    report = render(case)
    addresses = re.findall(r"(?:href|src)=\"([^\"]{0,30})", report)
    assert addresses
    assert all(address.startswith("data:image/jpeg;base64,") for address in addresses)
    assert not re.search(r"<script|<link|@import|url\(|https?:", report)


def test_report_says_that_it_is_for_research_only_before_anything_else(case):
    assert words(render(case)).split("P-007", 2)[1].strip().endswith(DISCLAIMER)


def test_report_says_how_small_a_tumor_would_be_found(case):
    limit = DetectionLimit(Region.ENHANCING_TUMOR, None, None, None, None, "From 2 mL on.")
    assert "Detection limit: From 2 mL on." in words(render(case, detection_limit=limit))
    assert "Detection limit" not in words(render(case))


def test_report_says_how_long_after_treatment_the_study_was_made(case):
    text = words(render(case, course=Course(12, None, -3)))
    assert "Made 12 days after surgery, 3 days before the end of radiotherapy" in text
    assert "Made" not in words(render(case))


def test_report_folds_the_plan_of_the_series_away(case):
    plan = SeriesPlan(
        (
            PlannedSeries(1, "t1c", 0.999, (MRSequence.T1C,), "Header and pixels."),
            PlannedSeries(3, "adc", 0.97, (), "Noted, not used."),
        ),
        ("series 2: localizer",),
    )
    report = render(case, series=plan)
    assert re.search(r"<details><summary>Series of this study: 1 used, 1 not, others", report)
    assert (
        "1 T1c >99 % T1c Header and pixels. 3 ADC 97 % – Noted, not used. "
        "Not read: series 2: localizer."
    ) in words(report)
    assert "Series of this study" not in render(case)


def test_report_shows_every_measured_number_under_its_unit(case):
    text = words(render(case))
    assert "Whole tumor 3.58 mL" in text
    assert "Tumor core 1.00 mL" in text
    assert "Enhancing tumor 0.90 mL" in text
    assert "10.0 × 9.5 mm, product 95 mm²" in text
    assert (
        "Longest (mm) Perpendicular (mm) Product (mm²) Volume (mL) Enhancing (mL) "
        "Slice Center (mm) WT-1 whole tumor right 10.0 9.5 95 3.58 0.90 15 R 12 · A 14 · S 7 "
    ) in text
    assert "Volume (mL) Voxels whole tumor (WT) 3.58 1,792 tumor core (TC) 1.00 500" in text
    assert "3 · enhancing tumor 0.90 452" in text


def test_report_shows_intervals_where_they_were_estimated(case):
    volumes = tuple(
        replace(entry, volume=Quantity(entry.volume.value, "mL", (3.0, 4.25)))
        for entry in case.findings.volumes_by_region
    )
    text = words(render(case, volumes_by_region=volumes))
    assert "3.58 mL 90 % interval 3.00–4.25" in text
    assert "90 % interval (mL) Voxels whole tumor (WT) 3.58 3.00–4.25 1,792 tumor core" in text
    assert "resection cavity (RC) 0.00 none seen; up to 4.25 mL cannot be excluded 0" in text
    assert "nine of ten studies that the model had not seen" in text
    unseen = (Notice("n", "No T1c.", (Region.TUMOR_CORE,)),)
    text = words(render(case, volumes_by_region=volumes, not_assessed=unseen))
    assert "1,792 tumor core (TC) not assessed enhancing tumor (ET) 0.90 3.00–4.25" in text


def test_report_without_intervals_does_not_speak_of_them(case):
    assert "interval" not in words(render(case))


def test_report_names_what_went_in_and_what_was_used(case):
    text = words(render(case))
    assert "T1c 48 × 56 × 24 1 × 1 × 2 RAS " + "ab" * 32 in text
    assert "small 1.2 Run on cpu, bf16 " + "cd" * 32 in text
    assert "gliokit 0.1.0 numpy 2.0" in text
    assert "minimum_lesion_ml 0.1" in text


def test_doubts_stand_before_the_numbers(case):
    text = words(
        render(
            case,
            warnings=(Notice("w", "The border is uncertain."),),
            not_assessed=(Notice("n", "Response: no earlier study."),),
        )
    )
    assert text.index("The border is uncertain.") < text.index("Tumor core 1.00 mL")
    assert text.index("Response: no earlier study.") < text.index("Tumor core 1.00 mL")


def test_missing_sequences_are_named_and_the_others_shown(make_case):
    report = render(make_case(sequences=(MRSequence.FLAIR,)))
    assert "Not in the study: T1, T1c, T2." in words(report)
    assert report.count("<svg") == 3 + 3
    assert 'class="grid by-3"' in report


def test_text_is_escaped(case):
    report = render(case, warnings=(Notice("w", "<b>bold</b> & more"),), study_id="<i>")
    assert "&lt;b&gt;bold&lt;/b&gt; &amp; more" in report
    assert "<i>" not in report


def test_file_names_stay_out_of_the_report(case):
    assert "DOE_JANE" not in render(case)


def test_report_without_tumor_says_so(make_case, tumor):
    text = words(render(make_case(np.zeros_like(tumor))))
    assert "No tumor was found." in text
    assert "Brain in three planes" in text
    assert "No lesion was found." in text


def test_labels_given_by_the_user_are_named_as_such(case):
    assert "label map given by the user" in words(render(case, model=None))


def test_resection_cavity_is_shown_where_there_is_one(make_case, tumor):
    labels = tumor.copy()
    labels[tumor == Label.NECROTIC_CORE] = Label.CAVITY
    report = render(make_case(labels))
    assert "Resection cavity 0.10 mL" in words(report)
    assert 'class="outline rc"' in report
    assert 'id="show-rc"' in report


def test_resection_cavity_that_was_not_seen_is_named_after_surgery_alone(case):
    def key_terms(phase):
        study = replace(case.study, phase=phase)
        report = render_report(case.findings, study, case.labels)
        return words(report.split('<dl class="key">')[1].split("</dl>")[0])

    assert "Resection cavity 0.00 mL" in key_terms(Phase.POSTOPERATIVE)
    assert "Resection cavity" not in key_terms(Phase.PREOPERATIVE)
    assert "Resection cavity" not in key_terms(Phase.UNKNOWN)


def test_many_lesions_are_folded_but_none_is_dropped(case):
    core = case.findings.lesions[1]
    measured = tuple(replace(core, name=f"TC-{n}") for n in range(1, LESIONS_SHOWN + 4))
    tiny = tuple(
        replace(core, name=f"TC-{n}", longest=None, perpendicular=None, product=None)
        for n in range(100, 101 + SMALL_LESIONS_SHOWN)
    )
    report = render(case, lesions=(*measured, *tiny))
    assert report.count("<details>") == 2
    text = words(report)
    assert "3 more measured lesions" in text
    assert all(text.count(lesion.name + " ") >= 1 for lesion in (*measured, *tiny))


def test_largest_lesion_of_each_region_is_shown_first(case):
    whole, core, enhancing = case.findings.lesions
    second = replace(whole, name="WT-2", volume=Quantity(0.5, "mL"))
    report = render(case, lesions=(whole, second, core, enhancing))
    captions = re.findall(r"<figcaption>.*?<b>(.*?)</b>", report)
    assert captions == ["WT-1", "TC-1", "ET-1", "WT-2"]


def test_same_findings_give_the_same_bytes(case):
    assert render(case) == render(case)


def test_only_the_time_differs_between_two_runs(case):
    later = render(case, created="2025-07-02T08:00:00+00:00")
    assert later.replace("2025-07-02 08:00", "2025-06-01 12:30") == render(case)


@pytest.mark.parametrize("codes", ["LPS", "PIR"])
def test_storage_orientation_leaves_no_trace_in_the_drawings(make_case, codes):
    drawings = re.compile(r"<svg.*?</svg>", re.DOTALL)
    expected = drawings.findall(render(make_case()))
    assert len(expected) == 12 + 3
    assert drawings.findall(render(make_case(codes=codes))) == expected


def test_tilted_slices_are_said_to_be_tilted(case):
    angle = np.radians(12)
    turn = np.eye(4)
    turn[1:3, 1:3] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    images = {
        sequence: replace(image, affine=turn @ image.affine)
        for sequence, image in case.study.images.items()
    }
    labels = replace(case.labels, affine=turn @ case.labels.affine)
    report = render_report(case.findings, replace(case.study, images=images), labels)
    assert "tilted by 12° from the axial plane" in words(report)


def test_number_that_was_not_assessed_is_not_shown(case):
    unseen = Notice("n", "No T1c.", (Region.TUMOR_CORE, Region.ENHANCING_TUMOR))
    whole = case.findings.lesions[:1]
    text = words(render(case, not_assessed=(unseen,), lesions=whole))
    assert "Whole tumor 3.58 mL Tumor core – not assessed Enhancing tumor – not assessed" in text
    assert "whole tumor (WT) 3.58 1,792 tumor core (TC) not assessed enhancing tumor" in text
    assert "3 · enhancing tumor not assessed" in text


def test_tumor_that_could_not_be_seen_is_not_called_absent(case):
    unseen = Notice("n", "T1 alone.", tuple(Region))
    text = words(render(case, not_assessed=(unseen,), lesions=()))
    assert "Whether there is a tumor could not be assessed." in text
    assert "Lesions could not be assessed." in text
    assert "3.58" not in text


def quality_checks():
    spacing = Limit(None, 5.0, "mm", "a protocol")
    likeness = Limit(0.05, None, "1", "assumed")
    return (
        QualityCheck(
            "slice-spacing",
            MRSequence.T2,
            Quantity(5.5, "mm"),
            spacing,
            Verdict.DOUBTFUL,
            "Thick slices.",
        ),
        QualityCheck(
            "likeness", MRSequence.T1, Quantity(0.6, "1"), likeness, Verdict.FINE, "Much alike."
        ),
        QualityCheck("ghosting", None, None, likeness, Verdict.NOT_ASSESSABLE, "No air."),
    )


def test_doubtful_checks_are_shown_and_the_others_folded(case):
    report = render(case, quality=quality_checks())
    section = report.split("Quality of the images")[1].split("</section>")[0]
    open_part, folded = section.split("<details>")
    assert "Distance of slices T2 5.5 mm ≤ 5 mm doubtful Thick slices." in words(open_part)
    assert 'class="doubtful"' in open_part
    assert 'class="doubtful"' not in folded
    assert "Much alike." in folded
    assert "all – ≥ 0.05 not assessable No air." in words(folded)
    assert "distance of slices – a protocol" in words(folded)


def test_checks_that_are_all_fine_are_folded_away(case):
    report = render(case, quality=quality_checks()[1:])
    section = report.split("Quality of the images")[1].split("</section>")[0]
    assert "Of 2 checks, none found anything doubtful." in words(section.split("<details>")[0])


def test_report_without_checks_has_no_section_of_them(case):
    assert "Quality of the images" not in render(case)


def test_every_check_that_is_made_has_a_term():
    modules = (agent, alignment, body_part, coverage, ghosting, noise, slices)
    named = [value for module in modules for value in vars(module).values()]
    assert {value.code for value in named if isinstance(value, Question)} == set(CHECK_TERMS)
