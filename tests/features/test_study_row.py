"""A study as a row: what is named how, and what is unknown."""

import math
from dataclasses import replace

import numpy as np
import pytest

from gliokit.core.errors import CohortError
from gliokit.core.findings import Findings, Notice, Quantity
from gliokit.core.image import LabelMap
from gliokit.core.vocabulary import Label, Region
from gliokit.features.study_row import study_row, tabulate_rows
from gliokit.measurement.lesions import measure_lesions
from gliokit.measurement.volume import volumes_by_label, volumes_by_region


def findings_of(array):
    label_map = LabelMap(array, np.eye(4), source="made")
    return Findings(
        study_id="made",
        created="",
        gliokit_version="0",
        inputs=(),
        missing=(),
        model=None,
        options=(),
        volumes_by_label=volumes_by_label(label_map),
        volumes_by_region=volumes_by_region(label_map),
        lesions=measure_lesions(label_map, Region.TUMOR_CORE, minimum_ml=0.1, midline_x_mm=0),
        minimum_lesion_ml=Quantity(0.1, "mL"),
        warnings=(),
        not_assessed=(),
    )


@pytest.fixture
def labels():
    """Give two tumor cores, of 4 mL and 0.5 mL, without enhancement, in 1 mm voxels."""
    array = np.zeros((40, 40, 20), dtype=np.uint8)
    array[5:25, 5:25, 5:15] = Label.NECROTIC_CORE
    array[30:40, 30:40, 5:10] = Label.NECROTIC_CORE
    return array


def test_volumes_and_diameters_are_taken_over(labels):
    findings = findings_of(labels)
    row = study_row(findings)
    assert row["TC_volume_ml"] == pytest.approx(4.5)
    assert row["TC_lesions"] == 2
    largest = findings.lesions[0]
    assert row["TC_longest_diameter_mm"] == largest.longest.length.value
    assert row["TC_perpendicular_diameter_mm"] == largest.perpendicular.length.value
    products = sum(lesion.product.value for lesion in findings.lesions)
    assert row["TC_sum_of_products_mm2"] == pytest.approx(products)


def test_an_absent_region_has_no_volume_and_no_lesion(labels):
    row = study_row(findings_of(labels))
    assert row["ET_volume_ml"] == 0
    assert row["ET_lesions"] == 0
    assert "ET_longest_diameter_mm" not in row


def test_a_lesion_below_the_minimum_is_counted_without_a_size(labels):
    labels[:] = 0
    labels[3, 3, 3] = Label.NECROTIC_CORE
    row = study_row(findings_of(labels))
    assert row["TC_lesions"] == 1
    assert math.isnan(row["TC_longest_diameter_mm"])
    assert math.isnan(row["TC_sum_of_products_mm2"])


def test_a_region_that_could_not_be_seen_is_unknown_not_empty(labels):
    unseen = Notice("missing-sequence", "no t1c", (Region.ENHANCING_TUMOR,))
    row = study_row(replace(findings_of(labels), not_assessed=(unseen,)))
    assert math.isnan(row["ET_volume_ml"])
    assert "ET_lesions" not in row


def test_names_say_region_and_image(labels):
    row = study_row(
        findings_of(labels),
        radiomics={("ET", "t1c"): {"stat_mean": 3.0}, ("ET", ""): {"morph_volume": 7.0}},
        vasari={"f5": 2},
    )
    assert [name for name in row if name[-4:] != "volume_ml"][-3:] == [
        "vasari_f5",
        "ET_t1c_stat_mean",
        "ET_morph_volume",
    ]


def test_two_values_of_one_name_are_refused(labels):
    radiomics = {("TC", ""): {"volume_ml": 1.0}}
    with pytest.raises(CohortError, match="study made has two values named TC_volume_ml"):
        study_row(findings_of(labels), radiomics=radiomics)


def test_rows_become_a_table_and_what_one_lacks_is_unknown():
    table = tabulate_rows(
        {"S1": {"a": 1.0}, "S2": {"b": 2.0}}, {"S1": "A", "S2": "B"}, facts={"day": ("0", "9")}
    )
    assert table.names == ("a", "b")
    assert table.patients == ("A", "B")
    assert np.array_equal(table.values, [[1, np.nan], [np.nan, 2]], equal_nan=True)
    assert table.numbers("day").tolist() == [0, 9]


def test_a_row_without_its_patient_is_refused():
    with pytest.raises(CohortError, match="study S1 has no patient"):
        tabulate_rows({"S1": {"a": 1.0}}, {})
    with pytest.raises(CohortError, match="no rows"):
        tabulate_rows({}, {})
