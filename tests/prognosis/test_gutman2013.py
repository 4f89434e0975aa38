"""Gutman's design on drawn scores: planted effects are found, and none where there is none."""

from dataclasses import replace

import numpy as np
import pytest

from gliokit.core.errors import NotAssessableError
from gliokit.measurement.vasari.association import Association
from gliokit.measurement.vasari.lexicon import FEATURES, FeatureId, Kind
from gliokit.prognosis.followed import Description
from gliokit.prognosis.gutman2013 import Gutman2013, Gutman2013Settings
from gliokit.prognosis.vasari_associations import features_that_enter, survival_associations
from gliokit.prognosis.vasari_numbers import NAMES, scores_of, single_column_features

WITHOUT_FACTS = Gutman2013Settings(covariates=())
ENHANCING = NAMES[FeatureId.PROPORTION_ENHANCING]


SINGLE = tuple(single_column_features())


def random_scores(number, rng, features=SINGLE):
    """Draw scores that have nothing to do with each other."""
    columns = {}
    for feature in features:
        if FEATURES[feature].kind is Kind.LENGTH:
            columns[NAMES[feature]] = rng.uniform(10, 90, number)
        else:
            columns[NAMES[feature]] = rng.integers(0, len(FEATURES[feature].compared), number)
    return [{name: float(values[n]) for name, values in columns.items()} for n in range(number)]


@pytest.fixture
def patients(follow_all):
    """Patients of whom a larger share of enhancement kills earlier."""
    values = random_scores(90, np.random.default_rng(2))
    share = np.array([own[ENHANCING] for own in values])
    return follow_all(values, 0.45 * (share - share.mean()), seed=3)


def test_a_planted_effect_on_survival_is_found_and_held_to_the_rate(patients):
    found = {one.feature: one for one in survival_associations(patients, ())}
    own = found[FeatureId.PROPORTION_ENHANCING]
    assert own.q_value < 0.01
    assert own.interval[0] < np.exp(0.45) < own.interval[1]


def test_the_feature_enters_the_model_and_a_larger_share_is_a_larger_hazard(patients):
    system = Gutman2013(WITHOUT_FACTS).learn(patients)
    assert ENHANCING in system.hazard_.names
    low, high = (
        system.answer("P", Description({**patients[0].description.values, ENHANCING: value}))
        for value in (0.0, 6.0)
    )
    assert low.log_hazard < high.log_hazard
    assert low.survival[365] > high.survival[365]
    assert sum(part.log_hazard for part in high.parts) == pytest.approx(high.log_hazard)


def test_on_the_null_few_cohorts_have_a_finding(follow_all):
    rng = np.random.default_rng(0)
    features = SINGLE[:6]
    positive = []
    for seed in range(60):
        values = random_scores(60, rng, features)
        null = follow_all(values, np.zeros(60), seed=seed)
        found = survival_associations(null, ())
        positive.append(any(one.q_value <= 0.1 for one in found))
    # where all findings are false, the rate of false discoveries is that of any finding
    assert np.mean(positive) < 0.1 + 3 * np.sqrt(0.1 * 0.9 / 60)


def test_a_planted_difference_between_classes_stands_in_the_table(patients):
    classed = [
        replace(own, classes={"idh": "mutant" if own.description.values[ENHANCING] < 2 else "wild"})
        for own in patients
    ]
    tables = Gutman2013(WITHOUT_FACTS).study_tables(classed, seed=0, resamples=20)
    assert [table.title for table in tables] == [
        "VASARI features and survival",
        "VASARI features and idh",
    ]
    [row] = [row for row in tables[1].rows if row[0] == ENHANCING]
    assert row[-1] == "yes"
    assert "Not tested: F1, " in tables[1].note


def test_without_a_finding_the_answer_rests_on_facts_and_says_so(follow_all):
    rng = np.random.default_rng(4)
    values = [own | {"age": rng.uniform(30, 80)} for own in random_scores(60, rng)]
    own = replace(Gutman2013Settings(covariates=("age",)), false_discoveries=1e-9)
    system = Gutman2013(own).learn(follow_all(values, np.zeros(60), seed=0))
    answer = system.answer("P", Description({"age": 60.0}))
    assert [part.name for part in answer.parts] == ["age"]
    assert answer.notes[0].startswith("No feature held the false discovery rate")


def test_without_a_finding_and_without_facts_there_is_no_answer(follow_all):
    values = random_scores(40, np.random.default_rng(4))
    own = replace(WITHOUT_FACTS, false_discoveries=1e-9)
    system = Gutman2013(own).learn(follow_all(values, np.zeros(40), seed=0))
    with pytest.raises(NotAssessableError, match="patients cannot be told apart"):
        system.answer("P", Description({}))


def test_a_time_beyond_the_last_death_is_said_to_be_unknown(patients):
    never = replace(WITHOUT_FACTS, horizons_days=(365.0, 9e5))
    answer = Gutman2013(never).learn(patients).answer("P", patients[0].description)
    assert list(answer.survival) == [365]
    assert "beyond the last death" in answer.unknown["alive at 900000 days"]


def test_a_patient_of_whom_nothing_in_the_model_is_known_gets_no_answer(patients):
    system = Gutman2013(WITHOUT_FACTS).learn(patients)
    with pytest.raises(NotAssessableError, match=f"the model rests on {ENHANCING}"):
        system.answer("P", Description({"age": 60.0}))


def test_a_class_that_is_too_rare_is_said_in_place_of_tests(patients):
    few = [replace(own, classes={"idh": "mutant"}) for own in patients[:4]]
    rest = [replace(own, classes={"idh": "wildtype"}) for own in patients[4:]]
    tables = Gutman2013(WITHOUT_FACTS).study_tables([*few, *rest], seed=0, resamples=20)
    assert tables[1].rows == ()
    assert tables[1].note.startswith("4 mutant, 86 wildtype: too few to test")


def test_without_patients_there_is_nothing_to_test():
    [table] = Gutman2013().study_tables([], seed=0, resamples=20)
    assert table.rows == ()


def test_a_feature_of_few_patients_takes_no_place_from_another(patients, monkeypatch):
    strong, rare = FeatureId.PROPORTION_ENHANCING, FeatureId.ENHANCEMENT_QUALITY
    for own in patients[10:]:
        own.description.values.pop(NAMES[rare])
    held = [Association(rare, 10, p_value=0.0, q_value=0.0), Association(strong, 90, 0.001, 0.01)]
    monkeypatch.setattr(
        "gliokit.prognosis.vasari_associations.survival_associations", lambda *_: held
    )
    dead = [own for own in patients if own.died][:10]  # leave one place
    alive = [own for own in patients if not own.died]
    assert features_that_enter([*alive, *dead], (), rate=0.1) == (ENHANCING,)


def test_numbers_and_scores_are_the_same_thing_twice():
    values = random_scores(1, np.random.default_rng(0), tuple(FeatureId))[0]
    for feature in FeatureId:
        if FEATURES[feature].kind is Kind.SEVERAL:
            values[NAMES[feature]] = 2.0  # the second answer alone
    scores = scores_of(values)
    assert set(scores) == set(FeatureId)
    for feature, score in scores.items():
        entry = FEATURES[feature]
        if entry.kind is Kind.SEVERAL:
            assert score.value == (entry.compared[1],)
        elif entry.kind is Kind.ONE:
            assert score.value == entry.compared[int(values[NAMES[feature]])]
