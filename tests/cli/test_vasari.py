"""`gliokit vasari`: features computed, and forms for readers."""

import json

import pytest

from gliokit.io.nifti import write_image, write_label_map
from gliokit.measurement.vasari.form import read_form
from gliokit.measurement.vasari.lexicon import FeatureId


@pytest.fixture
def folder(textured_study, textured_labels, tmp_path):
    """Write the textured study, whose brain is too round for an atlas."""
    study = tmp_path / "study"
    study.mkdir()
    for sequence, image in textured_study.images.items():
        write_image(study / f"{sequence}.nii.gz", image)
    write_label_map(tmp_path / "labels.nii.gz", textured_labels)
    return tmp_path


@pytest.fixture
def vasari(gliokit, folder):
    """Score the textured study."""
    words = (folder / "study", "--labels", folder / "labels.nii.gz", "-o", folder / "form.json")
    return lambda *more: gliokit("vasari", *words, *more)


def test_every_feature_has_an_answer_or_a_reason(vasari, folder):
    ending = vasari()
    assert ending.code == 0, ending.stderr
    scores = read_form((folder / "form.json").read_text()).scores
    assert set(scores) == set(FeatureId)
    assert all((score.value is None) == bool(score.reason) for score in scores.values())
    assert scores[FeatureId.PROPORTION_ENHANCING].value is not None
    assert scores[FeatureId.DIFFUSION].value is None
    assert len(ending.stdout.splitlines()) == 31


def test_what_the_atlas_cannot_give_is_said(vasari):
    assert "ventricles, halves and lobes are not known" in vasari().stderr


def test_an_empty_form_is_for_a_reader(gliokit, tmp_path):
    words = ("--empty", "reader1", "--study-id", "P7", "-o", tmp_path / "form.json")
    assert gliokit("vasari", *words).code == 0
    record = json.loads((tmp_path / "form.json").read_text())
    assert (record["study_id"], record["reader"]) == ("P7", "reader1")


def test_a_form_that_is_there_is_not_replaced_unasked(vasari, folder):
    (folder / "form.json").write_text("mine")
    ending = vasari()
    assert ending.code == 2
    assert "is there already" in ending.stderr
    assert (folder / "form.json").read_text() == "mine"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--empty", "r", "--study-id", "s"), "--empty scores nothing"),
        (("--before", "x"), "--before and --before-labels belong together"),
    ],
)
def test_options_that_do_not_go_together_are_refused(vasari, words, message):
    ending = vasari(*words)
    assert ending.code == 2
    assert message in ending.stderr
