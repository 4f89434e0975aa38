"""How many cells a voxel holds, and what dials at zero hide."""

import numpy as np
import pytest

from gliokit.core.errors import SimulationError
from gliokit.core.vocabulary import MRSequence
from gliokit.phantom.body.tissue import Tissue
from gliokit.phantom.maps.biology import CAPACITY, TYPICAL, TumorBiology, cells, signal_of_cells


def line(*tissues: Tissue) -> np.ndarray:
    return np.array(tissues, dtype=np.uint8).reshape(-1, 1, 1)


def filled(tissues: np.ndarray, density: float) -> np.ndarray:
    return np.full(tissues.shape, density, dtype=np.float32)


def test_fluid_and_necrosis_hold_no_cells():
    tissues = line(Tissue.NECROSIS, Tissue.CYST, Tissue.CSF, Tissue.VESSEL, Tissue.CAVITY_FLUID)
    assert not cells(tissues, filled(tissues, 0.9), biology=TumorBiology()).any()


@pytest.mark.parametrize("grade", [2, 3, 4])
def test_cells_of_tumor_go_with_grade(grade):
    tissues = line(Tissue.ENHANCING_TUMOR)
    held = cells(tissues, filled(tissues, 0.8), biology=TumorBiology(grade=grade))
    assert held == pytest.approx(0.8 * CAPACITY[grade])


def test_recurrence_where_growth_had_not_come_holds_typical_cells():
    tissues = line(Tissue.ENHANCING_TUMOR)
    assert cells(tissues, filled(tissues, 0.0), biology=TumorBiology()) == pytest.approx(TYPICAL)


def test_treatment_effect_holds_as_many_cells_as_tumor_at_dial_zero_and_few_at_one():
    tissues = line(Tissue.ENHANCING_TUMOR, Tissue.TREATMENT_EFFECT)
    density = filled(tissues, 0.0)
    alike = cells(tissues, density, biology=TumorBiology(treatment_effect=0.0))
    apart = cells(tissues, density, biology=TumorBiology(treatment_effect=1.0))
    assert alike[0] == alike[1]
    assert apart[1] < 0.5 * apart[0]


def test_dense_tumor_enhances_more_and_is_darker_on_flair():
    tissues = line(Tissue.ENHANCING_TUMOR, Tissue.ENHANCING_TUMOR)
    density = np.array([0.55, 0.95], dtype=np.float32).reshape(-1, 1, 1)

    def factors(sequence: MRSequence, dial: float) -> np.ndarray:
        biology = TumorBiology(cellularity=dial)
        return signal_of_cells(tissues, density, sequence=sequence, biology=biology).ravel()

    assert np.diff(factors(MRSequence.T1C, 1.0)) > 0.05
    assert np.diff(factors(MRSequence.FLAIR, 1.0)) < -0.05
    assert (factors(MRSequence.FLAIR, 0.0) == 1).all()


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("grade", 1, "needed 2, 3 or 4"),
        ("vascularity", 0.0, "above 0"),
        ("cellularity", 2.0, "0 to 1"),
    ],
)
def test_impossible_biology_is_refused(field, value, message):
    with pytest.raises(SimulationError, match=message):
        TumorBiology(**{field: value})


def test_density_on_another_grid_is_refused():
    with pytest.raises(SimulationError, match="put both on one grid"):
        cells(line(Tissue.EDEMA), np.zeros((2, 1, 1), dtype=np.float32), biology=TumorBiology())
