"""The report as PDF: what a reader sees, and the same bytes each time."""

import re
import zlib
from dataclasses import replace

import numpy as np
import pytest

from gliokit.core.course import Course
from gliokit.core.findings import DISCLAIMER, Notice, PlannedSeries, Quantity, SeriesPlan
from gliokit.core.vocabulary import MRSequence, Region
from gliokit.reporting.pdf import LESIONS_LISTED, render_pdf
from gliokit.reporting.pdf_figure import REGION_INKS, printable


def render(case, **changes):
    return render_pdf(replace(case.findings, **changes), case.study, case.labels)


def streams(pdf):
    """Give the content of each page, and whatever else is deflated."""
    for match in re.finditer(rb"/FlateDecode.*?stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL):
        yield zlib.decompress(match[1]).decode("latin-1")


def words(pdf):
    """Give the text that a reader sees, on one line."""
    shown = re.findall(r"\(((?:\\.|[^\\)])*)\) Tj", "\n".join(streams(pdf)))
    plain = (re.sub(r"\\(.)", r"\1", text).encode("latin-1").decode("cp1252") for text in shown)
    return " ".join(" ".join(plain).replace("\N{NO-BREAK SPACE}", " ").split())


def pages(pdf):
    return len(re.findall(rb"/Type /Page\b", pdf))


def pictures(pdf):
    return len(re.findall(r"/I\d+ Do", "\n".join(streams(pdf))))


def test_same_findings_give_the_same_bytes_whenever_they_were_made(case):
    pdf = render(case)
    assert pdf.startswith(b"%PDF-")
    assert render(case, created="2031-01-01T00:00:00+00:00") == pdf


def test_every_measured_number_is_shown(case):
    text = words(render(case))
    assert "whole tumor (WT) 3.58 not estimated 1,792 tumor core (TC) 1.00" in text
    assert "TC-1 tumor core right 10.0 9.5 95 1.00 0.90" in text
    assert "WT-1 whole tumor, right 10.0 × 9.5 mm, product 95 mm²" in text


def test_interval_is_shown_and_what_it_means(case):
    volumes = tuple(
        replace(entry, volume=Quantity(entry.volume.value, "mL", (3.0, 4.25)))
        for entry in case.findings.volumes_by_region
    )
    text = words(render(case, volumes_by_region=volumes))
    assert "whole tumor (WT) 3.58 3.00–4.25 1,792" in text
    assert "resection cavity (RC) 0.00 none seen; up to 4.25 mL cannot be excluded 0" in text
    assert "nine of ten studies that the model had not seen" in text


def test_days_since_treatment_and_the_plan_of_series_are_said(case):
    plan = SeriesPlan((PlannedSeries(2, "t1c", 0.98, (MRSequence.T1C,), "Sure."),))
    text = words(render(case, course=Course(12), series=plan))
    assert "Made 12 days after surgery" in text
    assert "Series used: 2 as T1c (T1c, 98 %)." in text


def test_head_and_foot_of_every_page_say_what_it_is_for(case):
    pdf = render(case)
    assert pages(pdf) == 2
    assert words(pdf).count(DISCLAIMER) == 2 * pages(pdf)
    assert words(pdf).startswith(f"{DISCLAIMER} P-007 ")


def test_model_inputs_and_doubts_are_named(case):
    doubt = Notice("d", "A doubt of 3 kinds.")
    unseen = Notice("n", "The cavity was not assessed.", (Region.RESECTION_CAVITY,))
    text = words(render(case, warnings=(doubt,), not_assessed=(unseen,)))
    assert "Read with care • A doubt of 3 kinds. Not assessed • The cavity" in text
    assert "Model: small 1.2, run on cpu, bf16; SHA-256 " + "cd" * 32 in text
    assert "T1, T1c, T2, FLAIR: 48 × 56 × 24 voxels of 1 × 1 × 2 mm, RAS." in text
    assert "resection cavity (RC) not assessed" in text
    by_person = words(render(case, model=None))
    assert "Label map given by the user" in by_person
    assert "small 1.2" not in by_person


def test_pictures_are_of_two_sequences_and_of_the_largest_lesion_of_each_region(make_case):
    assert pictures(render(make_case())) == 2 * 3 + 3
    assert pictures(render(make_case(sequences=(MRSequence.FLAIR,)))) == 3 + 3


def test_regions_are_outlined_in_their_inks(case):
    drawn = "\n".join(streams(render(case)))
    for region in (Region.WHOLE_TUMOR, Region.TUMOR_CORE, Region.ENHANCING_TUMOR):
        ink = " ".join(
            f"{value / 255:.4f}".rstrip("0").rstrip(".") for value in REGION_INKS[region]
        )
        assert f"{ink} RG" in drawn


def test_tumor_that_is_absent_or_could_not_be_seen_is_told_apart(make_case, tumor):
    empty = make_case(np.zeros_like(tumor))
    assert "No tumor was found." in words(render(empty))
    assert "No lesion was found." in words(render(empty))
    unseen = (Notice("n", "T1 alone.", tuple(Region)),)
    text = words(render(make_case(), not_assessed=unseen, lesions=()))
    assert "Whether there is a tumor could not be assessed." in text
    assert "Lesions could not be assessed." in text
    assert "3.58" not in text


def test_many_doubts_and_lesions_flow_onto_further_pages(case):
    doubts = tuple(Notice("d", f"Doubt {number}. " + "Words " * 40) for number in range(40))
    [largest] = [one for one in case.findings.lesions if one.region is Region.WHOLE_TUMOR]
    lesions = tuple(replace(largest, name=f"WT-{n}") for n in range(1, LESIONS_LISTED + 6))
    small = replace(largest, name="WT-99", longest=None, perpendicular=None, product=None)
    pdf = render(case, warnings=doubts, lesions=(*lesions, small))
    assert pages(pdf) > 2
    assert "Doubt 39." in words(pdf)
    assert "5 more measured lesions stand in the structured report." in words(pdf)
    assert "1 lesion below 0.10 mL, counted in the volumes but not measured." in words(pdf)


def test_name_of_a_file_is_not_in_it(case):
    pdf = render(case)
    assert b"DOE" not in pdf
    assert "DOE" not in "".join(streams(pdf))


@pytest.mark.parametrize(
    ("text", "printed"),
    [("≥ 3 mm²", ">= 3 mm²"), ("90 % – 5", "90\N{NO-BREAK SPACE}% – 5"), ("患者-1", "??-1")],
)
def test_letters_that_the_font_lacks_are_replaced(text, printed):
    assert printable(text) == printed
