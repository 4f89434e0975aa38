"""Forms that readers fill in."""

import json

import pytest

from gliokit.core.errors import FindingsError
from gliokit.measurement.vasari.answers import Eloquence, Proportion, TumorSide
from gliokit.measurement.vasari.form import NO_ANSWER, form_text, read_form
from gliokit.measurement.vasari.lexicon import FEATURES, FeatureId
from gliokit.measurement.vasari.score import score_vasari
from gliokit.measurement.vasari.scores import Score


def filled(**answers):
    """Fill an empty form, as a reader would."""
    form = json.loads(form_text("P1-1", "reader A"))
    for feature, answer in answers.items():
        form["features"][feature]["answer"] = answer
    return form


def read(form):
    return read_form(json.dumps(form), source="form.json")


def test_empty_form_asks_everything_and_says_nothing():
    form = json.loads(form_text("P1-1", "reader A"))
    assert list(form["features"]) == [f"F{n}" for n in range(1, 31)]
    assert form["features"]["F2"]["answers"] == ["right", "center/bilateral", "left"]
    found = read(form)
    assert (found.study_id, found.reader) == ("P1-1", "reader A")
    assert {score.reason for score in found.scores.values()} == {NO_ANSWER}


def test_answers_are_read():
    found = read(filled(F2="left", F3=["motor", "vision"], F5="6-33%", F29=41)).scores
    assert found[FeatureId.SIDE] == Score(FeatureId.SIDE, TumorSide.LEFT)
    assert found[FeatureId.ELOQUENT].value == (Eloquence.MOTOR, Eloquence.VISION)
    assert found[FeatureId.PROPORTION_ENHANCING].value is Proportion.TO_33
    assert found[FeatureId.LONG_AXIS].value == 41.0


def test_scores_survive_the_way_through_a_form(brain, glioma):
    scores = score_vasari(brain.evidence(glioma))
    assert read_form(form_text("P1-1", "gliokit", scores)).scores == scores


@pytest.mark.parametrize("feature", FEATURES.values(), ids=lambda feature: feature.id)
def test_every_allowed_answer_can_be_given(feature):
    for answer in feature.answers or [12.5]:
        given = [answer] if feature.kind == "one answer or more" else answer
        assert read(filled(**{feature.id: given})).scores[feature.id].value in (answer, (answer,))


@pytest.mark.parametrize(
    ("feature", "answer", "message"),
    [
        ("F2", "up", r"F2 \(Side of Tumor Center\) has the answer 'up'; needed one of right"),
        ("F2", "LEFT", "needed one of right"),
        ("F2", 3, "needed one answer of right"),
        ("F2", ["left"], "needed one answer of right"),
        ("F3", "motor", "needed a list of answers"),
        ("F3", [], "needed one answer or more"),
        ("F3", ["motor", "motor"], "each once"),
        ("F3", ["no eloquent brain", "motor"], "excludes every other"),
        ("F29", "41", "needed mm, 0 to 300"),
        ("F29", 0, "needed mm"),
        ("F29", 301, "needed mm"),
        ("F29", True, "needed mm"),
    ],
)
def test_what_is_no_answer_is_refused(feature, answer, message):
    with pytest.raises(FindingsError, match=message):
        read(filled(**{feature: answer}))


def test_all_problems_are_named_at_once():
    with pytest.raises(FindingsError, match=r"form\.json: F2 .*; F5 .*"):
        read(filled(F2="up", F5="many"))


def test_altered_forms_are_refused():
    form = filled()
    form["features"]["F2"]["answers"].append("up")
    with pytest.raises(FindingsError, match="was printed otherwise"):
        read(form)
    form = filled()
    del form["features"]["F7"]
    form["features"]["F31"] = {}
    with pytest.raises(FindingsError, match=r"unknown names F31.*lacks F7"):
        read(form)
    form = filled()
    form["features"]["F2"]["remark"] = "?"
    with pytest.raises(FindingsError, match="entry has unknown names remark"):
        read(form)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("form", "gliokit VASARI 0", "not a form of the kind"),
        ("reader", "", "reader is ''"),
        ("study_id", 3, "study_id is 3"),
        ("features", [], "features is no object"),
        ("color", "red", "unknown names color"),
    ],
)
def test_head_of_the_form_is_checked(name, value, message):
    with pytest.raises(FindingsError, match=message):
        read(filled() | {name: value})


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("confidence", 2, "confidence 2; needed 0 to 1"),
        ("how", 3, "no text"),
        ("reason", "dark", "an answer and a reason"),
    ],
)
def test_what_stands_beside_an_answer_is_checked(name, value, message):
    form = filled(F2="left")
    form["features"]["F2"][name] = value
    with pytest.raises(FindingsError, match=message):
        read(form)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is no JSON"),
        ('{"form": 1, "form": 2}', "form stands more than once"),
        ("[]", "not a form"),
    ],
)
def test_text_that_is_no_form_is_refused(text, message):
    with pytest.raises(FindingsError, match=message):
        read_form(text)
