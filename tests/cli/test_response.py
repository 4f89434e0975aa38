"""`gliokit response`: visits of a patient to categories and a timeline."""

import json
from dataclasses import replace

import numpy as np
import pytest

from gliokit.analysis.patient_visits import PatientVisit, in_first_space, load_visits
from gliokit.analysis.response_settings import ResponseRun
from gliokit.analysis.visit_disease import enhancement_of, flair_of, new_lesion_of, told_visit
from gliokit.analysis.visit_treatment import treatment_of
from gliokit.core.cohort import Cohort, Row
from gliokit.core.errors import CohortError
from gliokit.core.image import Image, LabelMap
from gliokit.core.vocabulary import Label, MRSequence
from gliokit.io.cohorts import read_cohort
from gliokit.io.nifti import read_image, write_image, write_label_map
from gliokit.measurement.response.facts import Enhancement, Flair, NewLesion, NonTarget
from gliokit.measurement.response.vocabulary import Component, Measure
from gliokit.measurement.targets import VisitSizes

HEADER = (
    "patient_id,study_id,day,t1c,flair,labels,dexamethasone_mg_per_day,clinical_change,"
    "rt_end_day,therapy"
)
CRITERIA = ("--criteria", "macdonald1990,rano_hgg2010,rano2_2023-volume")


@pytest.fixture
def visits(textured_study, tmp_path):
    """Write a table of visits, each with a ball of enhancing tumor of its own radius in voxels."""
    for sequence in ("t1c", "flair"):
        write_image(tmp_path / f"{sequence}.nii.gz", textured_study.images[sequence])
    grid = np.moveaxis(np.indices(textured_study.reference.array.shape), 0, -1)
    distance = np.linalg.norm(grid - [12, 22, 18], axis=-1)

    def write(*radii, steroids="4", change="stable", days=None, patient="p"):
        lines = [HEADER]
        for number, radius in enumerate(radii):
            labels = np.where(distance <= radius, np.uint8(Label.ENHANCING), np.uint8(0))
            path = tmp_path / f"{patient}-{number}-labels.nii.gz"
            write_label_map(path, LabelMap(labels, textured_study.reference.affine))
            day = days[number] if days else 60 * number
            cells = (patient, f"{patient}-{number}", str(day), "t1c.nii.gz", "flair.nii.gz")
            lines.append(",".join([*cells, path.name, steroids, change, "-200", "TMZ"]))
        (tmp_path / "visits.csv").write_text("\n".join(lines))
        return tmp_path

    return write


@pytest.fixture
def response(gliokit, tmp_path):
    """Run the command on visits that lie in one space; the baseline is the first."""
    return lambda table, *words: gliokit(
        "response", table, "-o", tmp_path / "out", "--registered", "--baseline", "first", *words
    )


def categories(out, criterion):
    record = json.loads((out / "timeline.json").read_text())
    (own,) = [one for one in record["verdicts"] if one["criterion"] == criterion]
    return [it["category"] for it in own["assessments"]]


def test_growth_is_progression_and_a_page_says_why(response, visits, tmp_path):
    ending = response(visits(4, 4, 6), *CRITERIA, "--flair-worse", 0.25)
    assert ending.code == 0, ending.stderr
    assert ending.stdout.splitlines()[-1] == str(tmp_path / "out" / "timeline.html")
    assert categories(tmp_path / "out", "macdonald1990") == ["baseline", "SD", "PD"]
    assert categories(tmp_path / "out", "rano2_2023-volume") == ["baseline", "SD", "PD"]
    page = (tmp_path / "out" / "timeline.html").read_text()
    assert "from the baseline" in page
    assert "not a medical device" in page


def test_what_is_unknown_is_not_guessed(response, visits, tmp_path):
    response(visits(6, 4, steroids="", change=""), *CRITERIA)
    record = json.loads((tmp_path / "out" / "timeline.json").read_text())
    (own,) = [one for one in record["verdicts"] if one["criterion"] == "macdonald1990"]
    last = own["assessments"][-1]
    assert last["category"] == "not assessable"
    assert len(last["possible"]) > 1
    assert last["unknown"]


def test_two_visits_on_one_day_are_refused(response, visits):
    ending = response(visits(4, 5, days=(10, 10)))
    assert ending.code == 2
    assert "both on day 10; each visit needs a day of its own" in ending.stderr


def test_visits_are_taken_in_the_order_of_their_days(response, visits, tmp_path):
    response(visits(6, 4, days=(90, 0)), *CRITERIA)
    record = json.loads((tmp_path / "out" / "timeline.json").read_text())
    assert [visit["study_id"] for visit in record["visits"]] == ["p-1", "p-0"]
    assert categories(tmp_path / "out", "macdonald1990") == ["baseline", "PD"]


def test_labels_of_another_grid_are_refused(response, visits, tmp_path, textured_labels):
    folder = visits(4, 5)
    moved = textured_labels.affine.copy()
    moved[2, 3] += 8
    write_label_map(tmp_path / "p-1-labels.nii.gz", replace(textured_labels, affine=moved))
    ending = response(folder)
    assert ending.code == 2
    assert "study p-1: grids of its images and of its labels differ" in ending.stderr
    assert not (tmp_path / "out").exists()


def test_a_tumor_that_is_gone_is_no_error(response, visits, tmp_path):
    ending = response(visits(4, -1, -1, steroids="0"), *CRITERIA, "--flair-worse", 0.25)
    assert ending.code == 0, ending.stderr
    assert categories(tmp_path / "out", "macdonald1990")[1:] == ["preliminary CR", "CR"]


def test_complete_disappearance_on_steroids_is_no_complete_response(response, visits, tmp_path):
    response(visits(4, -1, -1, steroids="4"), *CRITERIA)
    assert categories(tmp_path / "out", "macdonald1990")[1:] == ["preliminary PR", "PR"]


def test_false_millimeters_are_said(response, visits, tmp_path):
    ending = response(visits(4, 6), *CRITERIA, "--voxel-units")
    assert ending.code == 0, ending.stderr
    assert json.loads((tmp_path / "out" / "timeline.json").read_text())["voxel_units"]
    assert "voxels" in (tmp_path / "out" / "timeline.html").read_text()


def test_what_hangs_on_a_least_size_that_voxels_do_not_tell_is_said(response, visits, tmp_path):
    response(visits(3, 3, 4), *CRITERIA, "--voxel-units")
    record = json.loads((tmp_path / "out" / "timeline.json").read_text())
    told = {own["criterion"]: own["assessments"] for own in record["verdicts"]}
    _, same, grown = told["rano2_2023-volume"]  # of 0.12 and 0.26 thousand voxels
    assert (same["category"], grown["category"]) == ("SD", "PD")
    assert "do not tell" not in same["reason"]
    assert grown["reason"].endswith("since lengths in voxels do not tell; if it is not, it is SD")
    assert "do not tell" not in told["macdonald1990"][-1]["reason"]  # it states no least size


def test_a_new_lesion_that_counts_as_large_in_voxels_is_said_to(response, visits, tmp_path):
    table = visits(3, 3)
    path = table / "p-1-labels.nii.gz"
    labels = np.array(read_image(path).array, dtype=np.uint8)
    labels[9:15, 5:11, 15:21] = Label.ENHANCING
    write_label_map(path, LabelMap(labels, read_image(path).affine))
    response(table, "--criteria", "rano2_2023,macdonald1990", "--voxel-units")
    record = json.loads((tmp_path / "out" / "timeline.json").read_text())
    by_rano, by_macdonald = (own["assessments"][-1] for own in record["verdicts"])
    assert (by_rano["category"], by_macdonald["category"]) == ("PD", "PD")
    assert by_rano["reason"].endswith("since lengths in voxels do not tell; if it is not, it is SD")
    assert "do not tell" not in by_macdonald["reason"]  # there any new lesion is progression


@pytest.mark.parametrize(
    ("flag", "word", "choice"),
    [
        ("--baseline", "first", "baseline=30"),
        ("--component", "enhancing", "component=non-enhancing"),
    ],
)
def test_what_is_said_by_an_option_and_by_set_is_refused(gliokit, tmp_path, flag, word, choice):
    ending = gliokit("response", tmp_path, flag, word, "--set", choice, "-o", tmp_path / "out")
    assert ending.code == 2
    assert f"{flag} {word} and --set {choice} say the same thing twice" in " ".join(
        ending.stderr.split()
    )


def test_several_patients_get_a_folder_each_and_an_overview(response, visits, tmp_path):
    table = visits(4, 6, patient="a") / "visits.csv"
    first = table.read_text()
    visits(4, 3, patient="b")
    table.write_text(first + "\n" + "\n".join(table.read_text().splitlines()[1:]))
    (tmp_path / "b-1-labels.nii.gz").unlink()
    ending = response(table, *CRITERIA)
    assert ending.code == 1
    assert (tmp_path / "out" / "a" / "timeline.html").exists()
    assert (tmp_path / "out" / "overview.html").exists()
    assert "column labels: no such file" in (tmp_path / "out" / "failures.csv").read_text()


def test_a_patient_that_is_not_there_is_refused(response, visits):
    ending = response(visits(4, 5), "--patient", "q")
    assert ending.code == 2
    assert "patient q is not in the table; it has p" in ending.stderr


def test_what_a_criterion_leaves_open_can_be_chosen(response, visits, tmp_path):
    words = ("--criteria", "rano2_2023", "--set", "confirm_responses=false")
    words += ("--set", "readings.small_growth=counts whatever its size")
    ending = response(visits(5, -1, 2, steroids="0"), *words)
    assert ending.code == 0, ending.stderr
    assert categories(tmp_path / "out", "rano2_2023") == ["baseline", "CR", "PD"]
    settings = json.loads((tmp_path / "out" / "settings.json").read_text())
    assert settings["options"]["readings"]["small_growth"] == "counts whatever its size"


@pytest.mark.parametrize(
    ("choice", "told"),
    [
        ("readings.small_growth=never", "needed one of counts once it is measurable, counts"),
        ("readings.nothing=1", "unknown settings nothing; known are growth_on_fewer_steroids"),
    ],
)
def test_a_choice_that_there_is_not_is_refused_with_those_that_there_are(
    response, visits, choice, told
):
    ending = response(visits(4, 5), "--set", choice)
    assert ending.code == 2
    assert told in ending.stderr


def test_an_unknown_criterion_is_refused(response, visits):
    ending = response(visits(4, 5), "--criteria", "recist")
    assert ending.code == 2
    assert "there is no criterion 'recist'; choose one of macdonald1990" in ending.stderr


def test_a_timeline_is_replaced_on_request_only(response, visits, tmp_path):
    folder = visits(4, 5)
    response(folder, *CRITERIA)
    (tmp_path / "out" / ".DS_Store").write_text("")  # somebody has looked at it
    ending = response(folder, *CRITERIA)
    assert ending.code == 2
    assert "holds a timeline; choose another folder, or give --force" in ending.stderr
    assert response(folder, *CRITERIA, "--force").code == 0


@pytest.mark.parametrize(
    ("therapies", "closes"),
    [
        (("CCNU + Bevacizumab",), True),
        (("RT+TMZ", "bevacizumab"), True),
        (("RT+TMZ",), False),
        (("RT+TMZ, anlotinib",), None),
        (("unknown",), None),
        ((), None),
    ],
)
def test_what_an_agent_does_is_told_by_names_that_are_known(therapies, closes):
    rows = [Row(2, "p", "s", {"therapy": therapy}) for therapy in therapies]
    assert treatment_of(rows or [Row(2, "p", "s", {})], ResponseRun()).antiangiogenic is closes


def test_visits_that_name_two_days_of_surgery_are_refused():
    rows = [Row(2, "p", "a", {"surgery_day": "5"}), Row(3, "p", "b", {"surgery_day": "90"})]
    with pytest.raises(CohortError, match="column surgery_day says 5, 90; needed one whole day"):
        treatment_of(rows, ResponseRun())


def test_a_patient_that_names_no_folder_is_refused(response, visits, tmp_path):
    table = visits(4, 5, patient="a") / "visits.csv"
    text = table.read_text()
    table.write_text(text + "\n" + text.splitlines()[1].replace("a,a-0", "../b,b-0"))
    ending = response(table)
    assert ending.code == 2
    assert "ids become folder names" in ending.stderr
    assert not (tmp_path / "b").exists()


def test_labels_of_two_conventions_are_refused(response, visits, tmp_path):
    folder = visits(4, 5)
    numbers = np.zeros((40, 46, 36), dtype=np.float32)
    numbers[12, 20:24, 18], numbers[12, 24:26, 18] = 4, 2
    write_image(
        tmp_path / "p-1-labels.nii.gz", Image(numbers, read_image(tmp_path / "t1c.nii.gz").affine)
    )
    ending = response(folder)
    assert ending.code == 2
    assert "read in different ways" in ending.stderr
    assert response(folder, "--convention", "brats2023").code == 0


def test_a_visit_that_was_moved_is_found_where_it_belongs(textured_study, textured_labels):
    turn = np.deg2rad(4)
    motion = np.eye(4)
    motion[:2, :2] = [[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]
    motion[:3, 3] = [6, -4, 3]
    moved = {
        sequence: replace(image, affine=motion @ image.affine)
        for sequence, image in textured_study.images.items()
    }
    later = replace(textured_study, images=moved)
    labels = replace(textured_labels, affine=motion @ textured_labels.affine)
    found = load_visits(
        Cohort(
            [Row(2, "p", "a", {"day": "0"}), Row(3, "p", "b", {"day": "30"})],
            lambda row: later if row.study_id == "b" else textured_study,
            lambda row: labels if row.study_id == "b" else textured_labels,
        ),
        [Row(2, "p", "a", {"day": "0"}), Row(3, "p", "b", {"day": "30"})],
    )
    np.testing.assert_allclose(found[1].to_visit, motion, atol=0.5)
    _, back = in_first_space(found[1])
    np.testing.assert_allclose(back.affine, textured_labels.affine, atol=0.5)


def test_a_region_that_no_image_shows_has_no_volume(response, visits, tmp_path):
    folder = visits(4, 5)
    text = (
        (folder / "visits.csv").read_text().replace("flair,", "note,").replace("flair.nii.gz,", ",")
    )
    (folder / "visits.csv").write_text(text)
    response(folder, *CRITERIA)
    record = json.loads((tmp_path / "out" / "timeline.json").read_text())
    assert "WT" not in json.dumps(record["visits"][0]["volumes"])


def test_results_of_an_analysis_are_no_images(gliokit, tmp_path):
    for name in ("summary.csv", "failures.csv"):
        (tmp_path / "analyzed" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "analyzed" / name).touch()
    ending = gliokit("response", tmp_path / "analyzed", "-o", tmp_path / "out")
    assert ending.code == 2
    assert "holds results of gliokit analyze, not images" in ending.stderr
    assert not (tmp_path / "out").exists()


def test_a_folder_without_a_table_is_read_as_dicom(gliokit, tmp_path):
    (tmp_path / "export").mkdir()
    (tmp_path / "export" / "note").write_text("no image")
    ending = gliokit("response", tmp_path / "export", "-o", tmp_path / "out")
    assert ending.code == 2
    assert "no series of MR images in it (1 file is no DICOM)" in ending.stderr
    assert not (tmp_path / "out").exists()


def test_results_are_of_dicom_and_refused_with_a_table(response, visits, tmp_path):
    ending = response(visits(4, 5), "--results", tmp_path)
    assert ending.code == 2
    assert "drop --results" in " ".join(ending.stderr.split())


def test_without_a_baseline_changes_are_from_the_first_visit_and_that_is_said(
    gliokit, visits, tmp_path
):
    folder = visits(4, 6)
    text = (folder / "visits.csv").read_text().replace(",-200,", ",,")
    (folder / "visits.csv").write_text(text)
    out = tmp_path / "out"
    gliokit("response", folder, "-o", out, "--registered", "--criteria", "rano_hgg2010")
    record = json.loads((out / "timeline.json").read_text())
    assert record["notes"] == [
        "rano_hgg2010 has no baseline: targets and changes are from the first visit."
    ]
    assert {own["day"]["value"] for own in record["visits"][1]["changes"]} == {0}


def test_enhancement_that_did_not_grow_leaves_a_low_grade_tumor_stable(response, visits, tmp_path):
    response(visits(6, 6, 6), "--criteria", "rano_lgg2011")
    assert categories(tmp_path / "out", "rano_lgg2011") == ["baseline", "SD", "SD"]


def test_a_visit_without_contrast_is_not_assessable_and_the_next_is(response, visits, tmp_path):
    folder = visits(5, 5, 8)
    first, *rest = (folder / "visits.csv").read_text().splitlines()
    rest[1] = rest[1].replace("t1c.nii.gz", "")
    (folder / "visits.csv").write_text("\n".join([first, *rest]))
    ending = response(folder, "--criteria", "macdonald1990")
    assert ending.code == 0, ending.stderr
    found = categories(tmp_path / "out", "macdonald1990")
    assert found == ["baseline", "not assessable", "PD"]
    record = json.loads((tmp_path / "out" / "timeline.json").read_text())
    assert [visit["notes"] for visit in record["visits"]] == [
        [],
        ["without T1c enhancing tumor is unknown"],
        [],
    ]
    assert "no T1c to show at this visit" in (tmp_path / "out" / "timeline.html").read_text()


def test_diameters_that_end_midway_are_shorter_and_settings_say_so(response, visits, tmp_path):
    def product(*words):
        ending = response(visits(6, 6), "--criteria", "macdonald1990", "--force", *words)
        assert ending.code == 0, ending.stderr
        record = json.loads((tmp_path / "out" / "timeline.json").read_text())
        return record["visits"][0]["enhancing"]["product"]["value"]

    assert product("--midway") < product()
    response(visits(6, 6), "--criteria", "macdonald1990", "--force", "--midway")
    assert "midway" in (tmp_path / "out" / "settings.json").read_text()


def sized(volume, *, product=0.0, new=NewLesion.NONE):
    """Give what a visit shows of one component, as far as it is judged here."""
    nothing = NonTarget.ABSENT
    return VisitSizes(0, product, product, volume, nothing, nothing, new, (), (), ())


def test_a_new_lesion_is_more_enhancement_even_if_the_sum_of_all_shrank():
    seen = (sized(10.0, product=900.0), sized(4.0, product=400.0, new=NewLesion.MEASURABLE))
    assert enhancement_of({Component.ENHANCING: seen}, 1, 0) is Enhancement.INCREASED


def test_flair_that_stays_gone_is_not_worse():
    seen = (sized(10.0), sized(0.0), sized(0.0))
    run = ResponseRun(flair_worse=0.25)
    assert flair_of({Component.NONENHANCING: seen}, 2, 0, run) is Flair.BETTER


def test_flair_that_comes_back_is_worse_once_it_is_measurable():
    run = ResponseRun(flair_worse=0.25)
    for volume, expected in ((0.5, Flair.BETTER), (0.6, Flair.WORSE)):
        seen = (sized(10.0), sized(0.0), sized(volume))
        assert flair_of({Component.NONENHANCING: seen}, 2, 0, run) is expected


@pytest.mark.parametrize(("therapy", "expected"), [("RT+TMZ", False), ("vaccine", None)])
def test_agents_that_are_known_and_none_of_immunotherapy_tell_that_there_is_none(therapy, expected):
    rows = [Row(2, "p", "s", {"therapy": therapy})]
    assert treatment_of(rows, ResponseRun()).immunotherapy is expected


def test_rare_facts_are_read_where_a_row_has_them_and_else_taken_as_no():
    unseen = dict.fromkeys((Component.ENHANCING, Component.NONENHANCING))

    def told(**cells):
        visit = PatientVisit(Row(2, "p", "s", cells), 0, None, None, np.eye(4))
        return told_visit(visit, unseen, Component.ENHANCING, Measure.AREA)

    given = told(
        decline_days="9", decline_explained="1", progression_proven="1", leptomeningeal="1"
    )
    assert (given.decline_days, given.decline_explained) == (9, True)
    assert (given.progression_proven, given.leptomeningeal) == (True, True)
    silent = told()
    assert (silent.decline_days, silent.decline_explained) == (None, False)
    assert (silent.progression_proven, silent.leptomeningeal) == (False, False)


def test_that_nothing_is_new_is_known_only_where_both_components_are_seen():
    assert new_lesion_of([None, sized(1.0)]) is None
    assert (
        new_lesion_of([None, sized(1.0, new=NewLesion.NOT_MEASURABLE)]) is NewLesion.NOT_MEASURABLE
    )
    assert new_lesion_of([sized(1.0), sized(1.0)]) is NewLesion.NONE


def test_labels_in_the_folder_to_be_replaced_are_not_taken_away(response, visits, tmp_path):
    folder = visits(4, 5)
    assert response(folder).code == 0
    labels = tmp_path / "out" / "studies" / "p-1-labels.nii.gz"
    labels.parent.mkdir()
    (folder / "p-1-labels.nii.gz").rename(labels)
    table = folder / "visits.csv"
    table.write_text(table.read_text().replace(",p-1-labels", ",out/studies/p-1-labels"))
    ending = response(folder, "--force")
    assert ending.code == 2
    assert "lie in each other" in ending.stderr
    assert labels.is_file()


def test_an_image_on_a_grid_of_its_own_is_in_the_pictures_and_that_is_said(
    response, visits, tmp_path, textured_study
):
    folder = visits(4)
    flair = textured_study.images[MRSequence.FLAIR]
    other = replace(flair, array=flair.array[2:, 1:])
    other = replace(other, affine=flair.affine @ shift(2, 1, 0))
    write_image(folder / "flair.nii.gz", other)
    found = load_visits(read_cohort(folder / "visits.csv"), read_cohort(folder / "visits.csv").rows)
    laid, _ = in_first_space(found[0])
    same = laid[MRSequence.FLAIR].array[3:-1, 2:-1, 1:-1]
    np.testing.assert_allclose(same, flair.array[3:-1, 2:-1, 1:-1], atol=1e-3)
    response(folder, "--criteria", "macdonald1990")
    record = json.loads((tmp_path / "out" / "timeline.json").read_text())
    (note,) = record["visits"][0]["notes"]
    assert note.startswith("FLAIR lies on a grid of its own: in the pictures it is interpolated")


def shift(*voxels):
    """Move an origin by voxels."""
    moved = np.eye(4)
    moved[:3, 3] = voxels
    return moved
