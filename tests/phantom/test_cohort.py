"""Cohorts of simulated patients: what depends on what."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score

from gliokit.core.errors import SimulationError
from gliokit.core.study import shared_grid
from gliokit.core.vocabulary import Label, Map, MRSequence
from gliokit.phantom.body.tissue import Tissue, labels_of
from gliokit.phantom.cohort import (
    CohortSettings,
    draw_facts,
    draw_visits,
    scanner_of,
    simulate_person,
    simulate_visits,
)
from gliokit.phantom.dials import Dials
from gliokit.phantom.person import looks
from gliokit.phantom.scan.signature import texture

TINY = CohortSettings(patients=3, visits=2, sites=2, seed=5, tiny=True)


def test_a_study_has_four_sequences_and_labels_on_one_grid():
    first, second = simulate_visits(TINY, 0)
    for simulated in (first, second):
        assert simulated.study.missing == []
        assert shared_grid(simulated.study).difference(simulated.labels.grid) is None
    assert first.study.study_id == "SIM-00000-000"
    assert second.study.day > first.study.day == 0
    assert (first.labels.array == Label.CAVITY).sum() == 0


def test_the_same_number_gives_the_same_bytes():
    one, two = (next(simulate_visits(TINY, 1)) for _ in range(2))
    for sequence in MRSequence:
        assert np.array_equal(one.study[sequence].array, two.study[sequence].array)


def test_patients_and_seeds_differ():
    one, two = next(simulate_visits(TINY, 0)), next(simulate_visits(TINY, 1))
    other = next(simulate_visits(replace(TINY, seed=6), 0))
    t1 = [s.study[MRSequence.T1].array for s in (one, two, other)]
    assert not np.array_equal(t1[0], t1[1])
    assert not np.array_equal(t1[0], t1[2])


def test_days_of_the_table_are_those_of_the_images():
    patient = draw_facts(TINY, 2)
    drawn = [(v.day, v.cause, v.dexamethasone_mg_per_day) for v in draw_visits(TINY, patient)]
    shown = [
        (s.visit.day, s.visit.cause, s.visit.dexamethasone_mg_per_day)
        for s in simulate_visits(TINY, 2)
    ]
    assert drawn == shown


def test_maps_that_are_asked_for_are_made():
    settings = replace(TINY, visits=1, maps=(Map.ADC, Map.DSC))
    (simulated,) = simulate_visits(settings, 0)
    assert set(simulated.maps) == {Map.ADC, Map.DSC}
    assert simulated.maps[Map.ADC].array.shape == simulated.labels.array.shape
    assert simulated.maps[Map.DSC].array.ndim == 4
    assert {"cbv", "arteries"} <= set(simulated.maps[Map.DSC].truth)


def test_maps_leave_the_images_alone():
    plain = next(simulate_visits(TINY, 0)).study[MRSequence.T2].array
    beside = next(simulate_visits(replace(TINY, maps=(Map.DSC,)), 0)).study[MRSequence.T2].array
    assert np.array_equal(plain, beside)


def test_a_head_that_is_not_stripped_shows_its_scalp():
    settings = replace(TINY, visits=1, head=True)
    brain = next(simulate_visits(settings, 0))
    head = next(simulate_visits(replace(settings, stripped=False), 0))
    scalp = brain.look.body.tissues == Tissue.FAT
    assert brain.study[MRSequence.T1].array[scalp].max() == 0
    assert head.study[MRSequence.T1].array[scalp].mean() > 0.3
    assert np.array_equal(head.labels.array, brain.labels.array)


def test_each_site_keeps_its_scanner():
    assert repr(scanner_of(TINY, 0)) == repr(scanner_of(replace(TINY, patients=9), 0))
    assert repr(scanner_of(TINY, 0)) != repr(scanner_of(TINY, 1))


def test_images_carry_the_signature_of_their_own_patient_at_every_visit():
    settings = replace(TINY, dials=replace(Dials.null(), signature=1.0))
    waves, residuals = [], []
    for number in range(2):
        for simulated in simulate_visits(settings, number):
            image = simulated.study[MRSequence.T2].array
            white = (simulated.look.body.tissues == Tissue.WHITE_MATTER) & (image > 0)
            drawn = simulated.person.signature
            waves.append(texture(drawn, image.shape, spacing_mm=3.5))
            residuals.append((white, image / image[white].mean() - 1))

    def likeness(i: int, j: int) -> float:
        white, residual = residuals[i]
        return float(np.corrcoef(residual[white], waves[j][white])[0, 1])

    assert min(likeness(i, i) for i in range(4)) > 0.2
    assert max(abs(likeness(i, 3 - i)) for i in range(4)) < 0.15


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"patients": 0}, "patients: found 0; needed at least 1"),
        ({"visits": 0}, "visits: found 0; needed at least 1"),
        ({"core_ml": 2000.0}, "core volume: found 2000 mL; needed 0.4 to 300 mL"),
        ({"dials": Dials(site_label=0.5), "sites": 1}, "needed at least 2 with dial site_label"),
    ],
)
def test_settings_that_cannot_be_are_refused(wrong, message):
    with pytest.raises(SimulationError, match=message):
        replace(TINY, **wrong)


def test_a_dial_beyond_its_range_is_refused():
    with pytest.raises(SimulationError, match=r"dial idh_image: found 1.5; needed 0 to 1"):
        Dials(idh_image=1.5)


@pytest.mark.slow
def test_images_tell_idh_at_a_dial_of_one_and_not_at_zero():
    """Measured on the images' labels, as a plain classifier would."""

    def auc(dials: Dials) -> float:
        settings = CohortSettings(seed=11, tiny=True, dials=dials)
        rows, status = [], []
        for number in range(40):
            look = next(looks(simulate_person(settings, number)))
            labels = labels_of(look.body.tissues)
            core = np.isin(labels, (Label.NECROTIC_CORE, Label.ENHANCING)).sum()
            rows.append([(labels == Label.ENHANCING).sum() / core, np.log(core)])
            status.append(draw_facts(settings, number).genotype.idh == "mutant")
        scores = cross_val_score(LogisticRegression(), rows, status, cv=4, scoring="roc_auc")
        return float(scores.mean())

    assert auc(Dials()) > 0.75
    assert 0.25 < auc(Dials.null()) < 0.75
