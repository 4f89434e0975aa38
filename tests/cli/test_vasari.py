"""`gliokit vasari`: features computed, and forms for readers."""

import json

import pytest

from gliokit.analysis.vasari_run import VasariScores
from gliokit.cli.vasari import HEAD, as_lines
from gliokit.io.nifti import write_image, write_label_map
from gliokit.measurement.vasari.answers import DeepWhiteMatter
from gliokit.measurement.vasari.form import read_form
from gliokit.measurement.vasari.lexicon import FeatureId
from gliokit.measurement.vasari.scores import Score, unscored


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
    assert len(ending.stdout.splitlines()) == 32  # a head, the features, the form


@pytest.fixture
def unscored_labels(monkeypatch):
    """Score nothing, which takes its time; give the label maps that would have been scored."""
    seen = []

    def score_study(study, labels, *, beside):
        earlier = beside.before_surgery
        seen.extend([labels, earlier[1]] if earlier else [labels])
        scores = unscored(FeatureId, "not asked")
        return VasariScores({score.feature: score for score in scores})

    monkeypatch.setattr("gliokit.cli.vasari.score_study", score_study)
    return seen


def test_labels_in_the_folder_of_the_images_need_not_be_named(gliokit, folder, unscored_labels):
    (folder / "labels.nii.gz").rename(folder / "study" / "P7_seg.nii.gz")
    words = (folder / "study", "--before", folder / "study", "-o", folder / "form.json")
    ending = gliokit("vasari", *words)
    assert ending.code == 0, ending.stderr
    found = str(folder / "study" / "P7_seg.nii.gz")
    assert [labels.source for labels in unscored_labels] == [found, found]


def test_a_folder_without_labels_says_which_option_names_them(gliokit, folder):
    ending = gliokit("vasari", folder / "study", "-o", folder / "form.json")
    assert ending.code == 2
    assert "no label map lies there; give --labels PATH" in ending.stderr


def test_columns_stand_apart():
    places = (DeepWhiteMatter.INTERNAL_CAPSULE, DeepWhiteMatter.CORPUS_CALLOSUM)
    told = Score(FeatureId.DEEP_WHITE_MATTER, places, "both are reached", 0.6)
    lines = as_lines(VasariScores({told.feature: told}))
    columns = [0, HEAD.index("feature"), HEAD.index("answer"), HEAD.index("trust")]
    assert all(lines[0][place - 1] == " " for place in columns[1:])
    assert lines[0][HEAD.index("how it") :] == "both are reached"


def test_speech_is_left_or_right(vasari):
    assert vasari("--dominant-side", "midline").code == 2


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
        (("--before-labels", "x"), "--before-labels needs --before"),
    ],
)
def test_options_that_do_not_go_together_are_refused(vasari, words, message):
    ending = vasari(*words)
    assert ending.code == 2
    assert message in ending.stderr
