"""Dempsey's design on drawn patients: a known hazard is found, and none where there is none."""

import numpy as np
import pytest

from gliokit.core.errors import NotAssessableError
from gliokit.measurement.vasari.hazard import hazard_test
from gliokit.prognosis.dempsey2005 import Dempsey2005, Dempsey2005Settings
from gliokit.prognosis.size import MEASURABLE, Scale, SizeMeasure, scaled
from gliokit.prognosis.size_comparison import compare_sizes, comparison_tables, sizes_of

NOBODY_KNOWS = ()
PER_DOUBLING = np.log(1.5)  # planted


def doublings_of_volume(values):
    volume = np.array([scaled(own, SizeMeasure.VOLUME, Scale.DOUBLINGS) for own in values])
    return volume - volume.mean()


def with_hazard_of_the_volume(number, draw_sizes, follow_all, *, seed):
    values = draw_sizes(number, np.random.default_rng(seed))
    return follow_all(values, PER_DOUBLING * doublings_of_volume(values), seed=seed + 1000)


@pytest.fixture
def patients(follow_all, draw_sizes):
    return with_hazard_of_the_volume(60, draw_sizes, follow_all, seed=0)


def test_a_known_hazard_ratio_is_recovered_under_usual_censoring(follow_all, draw_sizes):
    many = with_hazard_of_the_volume(1500, draw_sizes, follow_all, seed=0)
    data = sizes_of(many, NOBODY_KNOWS, Scale.DOUBLINGS)
    assert 0.1 < 1 - data.died.mean() < 0.3
    found = hazard_test(data.days, data.died, data.sizes[SizeMeasure.VOLUME][:, None], data.known)
    assert found.hazard_ratio == pytest.approx(1.5, rel=0.08)
    assert found.interval[0] < 1.5 < found.interval[1]


def test_irregular_shapes_attenuate_diameter_and_product(follow_all, draw_sizes):
    found = {measure: [] for measure in SizeMeasure}
    for seed in range(40):
        own = with_hazard_of_the_volume(70, draw_sizes, follow_all, seed=seed)
        data = sizes_of(own, NOBODY_KNOWS, Scale.DOUBLINGS)
        for measure, size in data.sizes.items():
            tested = hazard_test(data.days, data.died, size[:, None], data.known)
            found[measure].append(tested.p_value < 0.05)
    share = {measure: np.mean(positive) for measure, positive in found.items()}
    assert share[SizeMeasure.VOLUME] > 0.9
    assert share[SizeMeasure.DIAMETER] < share[SizeMeasure.PRODUCT] < share[SizeMeasure.VOLUME]


def test_the_difference_to_the_volume_is_paired_by_patient(follow_all, draw_sizes):
    own = with_hazard_of_the_volume(200, draw_sizes, follow_all, seed=0)
    data = sizes_of(own, NOBODY_KNOWS, Scale.DOUBLINGS)
    data.sizes[SizeMeasure.PRODUCT] = data.sizes[SizeMeasure.VOLUME] * 2  # orders them alike
    found = {one.measure: one for one in compare_sizes(data, seed=0, resamples=60)}
    assert found[SizeMeasure.PRODUCT].difference_limits == (0, 0)
    assert found[SizeMeasure.PRODUCT].c_limits == found[SizeMeasure.VOLUME].c_limits
    assert found[SizeMeasure.DIAMETER].c_difference < 0
    assert found[SizeMeasure.DIAMETER].difference_limits[0] < 0


def test_without_a_hazard_one_test_in_twenty_is_positive(draw_sizes):
    positive, rng = [], np.random.default_rng(5)
    for _ in range(200):
        values = draw_sizes(70, rng)
        death, lost = rng.exponential(400, 70), rng.exponential(1600, 70)
        time, event = np.minimum(death, lost), death <= lost
        positive.append(
            [
                hazard_test(time, event, column[:, None], np.zeros((70, 0))).p_value < 0.05
                for column in (
                    np.array([scaled(own, measure, Scale.DOUBLINGS) for own in values])
                    for measure in SizeMeasure
                )
            ]
        )
    share = np.mean(positive, axis=0)
    # 95 % limits of 200 draws at 5 %, widened for three measures
    assert ((share > 0.01) & (share < 0.095)).all()


def tables_of(patients, *, covariates=()):
    return comparison_tables(
        patients, covariates=covariates, scale=Scale.DOUBLINGS, seed=0, resamples=40
    )


def test_tables_hold_the_design_alone_and_beside_facts(patients):
    known = [own.description.values | {"age": 50.0 + n % 30} for n, own in enumerate(patients)]
    for own, values in zip(patients, known, strict=True):
        own.description.values.update(values)
    tables = tables_of(patients, covariates=("age", "kps"))
    assert [table.title for table in tables] == [
        "Size and survival: alone, all that enhance",
        "Size and survival: beside age, all that enhance",  # nobody's kps is known
    ]
    assert [row[0] for row in tables[0].rows] == [
        "1-D, longest_diameter_mm",
        "2-D, product_mm2",
        "3-D, volume_ml",
    ]


def test_tumors_that_are_not_measurable_stand_in_and_are_left_out_in_a_table_of_their_own(patients):
    for own in patients[:20]:
        own.description.values[MEASURABLE] = 0.0
    tables = tables_of(patients)
    assert [row[0][1].split()[0] for row in (table.rows for table in tables)] == ["60", "40"]
    assert "20 have no lesion that RANO calls measurable" in tables[0].note


def test_tumors_that_do_not_enhance_are_left_out_and_counted(patients):
    for measure in SizeMeasure:
        patients[0].description.values[measure] = 0.0
    [table] = tables_of(patients)
    assert table.note.startswith("1 of 60 patients have no tumor that enhances")


def test_too_few_deaths_are_said_in_place_of_figures(patients):
    [table] = tables_of(patients[:4])
    assert table.rows[0][2] == "needed 5 deaths"


def test_a_cohort_in_which_nothing_enhances_has_no_figures(patients):
    for own in patients:
        own.description.values.update(dict.fromkeys(SizeMeasure, 0.0))
    for scale in Scale:
        [table] = comparison_tables(
            patients, covariates=("age",), scale=scale, seed=0, resamples=40
        )
        assert table.note.startswith("60 of 60 patients have no tumor that enhances")
        assert [row[1:3] for row in table.rows] == [("0 (0)", "needed 5 deaths")]


def test_sizes_that_are_all_the_same_tell_nobody_apart(patients):
    for own in patients:
        own.description.values[SizeMeasure.VOLUME] = 8.0
    system = Dempsey2005(Dempsey2005Settings(covariates=())).learn(patients)
    with pytest.raises(NotAssessableError, match="the model rests on no covariate"):
        system.answer("P", patients[0].description)
