"""The constants of survival solve for the published medians."""

import pytest

from gliokit.phantom.dials import Dials
from gliokit.phantom.patients.calibration import TARGETS, calibrate
from gliokit.phantom.patients.patient import draw_patient
from gliokit.phantom.patients.population import make_population
from gliokit.phantom.patients.survival import SCALE_DAYS, HazardRatios, Prognosis


@pytest.fixture(scope="module")
def prognoses() -> list[Prognosis]:
    population = make_population(1, dials=Dials())
    return [
        draw_patient(21, i, population=population, dials=Dials()).prognosis for i in range(5000)
    ]


def test_calibration_on_other_patients_gives_the_stated_constants(prognoses):
    scale, ratios = calibrate(prognoses, HazardRatios())
    assert scale == pytest.approx(SCALE_DAYS, rel=0.05)
    for target in TARGETS.values():
        if target.solved_by != "scale":
            stated = getattr(HazardRatios(), target.solved_by)
            assert getattr(ratios, target.solved_by) == pytest.approx(stated, rel=0.1)


def test_calibration_does_not_depend_on_where_it_starts(prognoses):
    far = HazardRatios(idh_mutant=0.3, methylated=1.0, temozolomide_methylated=1.0)
    _, found = calibrate(prognoses, far)
    _, expected = calibrate(prognoses, HazardRatios())
    assert found.idh_mutant == pytest.approx(expected.idh_mutant, rel=1e-3)
    assert found.methylated == pytest.approx(expected.methylated, rel=1e-3)
