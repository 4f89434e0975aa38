"""The Cox model behind the answers: what enters, what is unknown, and files."""

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from gliokit.core.errors import BundleError, CohortError
from gliokit.evaluation.cox import fit_cox
from gliokit.evaluation.survival_curve import kaplan_meier
from gliokit.prognosis.followed import Description, Followed, follow_up
from gliokit.prognosis.hazard_table import (
    WEIGHTS,
    fit_hazard,
    read_hazard,
    usable,
    warn_left_out,
    write_hazard,
)


@pytest.fixture
def patients(follow_all):
    rng = np.random.default_rng(0)
    age, kps = rng.uniform(30, 80, 80), rng.choice([60.0, 80.0, 100.0], 80)
    values = [{"age": age[n], "kps": kps[n]} for n in range(80)]
    return follow_all(values, 0.04 * (age - 55) - 0.02 * (kps - 80), seed=1)


def test_without_a_penalty_it_is_the_cox_model_in_other_units(patients):
    table = fit_hazard(patients, ("age", "kps"), penalty=0)
    days, died = follow_up(patients)
    X = np.array([[own.description.values[n] for n in ("age", "kps")] for own in patients])
    model = fit_cox(days, died, X)
    assert table.model.coefficients / table.deviation == pytest.approx(model.coefficients)
    values = {"age": 70.0, "kps": 60.0}
    assert table.log_hazard(values)[0] == pytest.approx(model.risk([[70, 60]])[0])
    alive = model.survival(np.array([[70.0, 60.0]]), [100, 300])[0]
    assert table.survival(values, [100, 300]) == pytest.approx(alive)


def test_limits_hold_the_hazard_and_are_wider_far_from_the_mean(patients):
    table = fit_hazard(patients, ("age", "kps"))
    near, far = (table.log_hazard({"age": age, "kps": 80.0}) for age in (56.0, 80.0))
    for value, (low, high) in (near, far):
        assert low < value < high
    assert far[1][1] - far[1][0] > near[1][1] - near[1][0]


def test_what_is_unknown_says_nothing(patients):
    table = fit_hazard(patients, ("age", "kps"))
    assert table.parts({"age": 70.0})["kps"] == 0
    assert table.log_hazard({})[0] == 0


def test_a_covariate_of_few_or_the_same_in_all_is_left_out_and_said(patients, caplog):
    for own in patients[:20]:
        own.description.values["grade"] = 3.0
    for own in patients:
        own.description.values["sides"] = 2.0
    table = fit_hazard(patients, ("age", "grade", "sides"))
    assert table.names == ("age",)
    warn_left_out(table, ("age", "grade", "sides"), patients=90)
    assert caplog.messages[0].startswith("learnt from 80 of 90 patients")
    assert caplog.messages[1].endswith("the same in all: grade, sides")
    caplog.clear()
    warn_left_out(table, ("age",), patients=80)
    assert caplog.messages == []


def test_nobody_teaches_nothing():
    assert usable([], ("age",)) == ()
    with pytest.raises(CohortError, match="deaths: 0 among 0 patients"):
        fit_hazard([], ("age",))


def test_fewer_than_five_deaths_for_a_covariate_are_refused(patients):
    with pytest.raises(CohortError, match=r"deaths: 6 among 6 patients, .* age, kps; needed 5"):
        fit_hazard([own for own in patients if own.died][:6], ("age", "kps"))


def test_a_covariate_that_tells_the_order_without_error_stays_finite():
    patients = [
        Followed(str(n), str(n), Description({"grade": 4.0 - (n >= 8)}), 10.0 + n, n < 8)
        for n in range(12)
    ]
    table = fit_hazard(patients, ("grade",))
    assert 0 < table.model.coefficients[0] < 3
    with pytest.raises(CohortError, match="order of events without error"):
        fit_hazard(patients, ("grade",), penalty=0)


def test_without_covariates_everybody_has_the_hazard_of_all(patients):
    table = fit_hazard(patients, ())
    assert table.log_hazard({"age": 80.0}) == (0, (0, 0))
    days, died = follow_up(patients)
    kaplan = kaplan_meier(days, died).at([200, 500])
    assert table.survival({}, [200, 500]) == pytest.approx(kaplan, abs=0.01)


def test_no_survival_is_told_beyond_the_last_death(patients):
    table = fit_hazard(patients, ("age",))
    last = float(table.model.times[-1])
    within, beyond = table.survival({"age": 50.0}, [last, last + 1])
    assert 0 < within < 1
    assert np.isnan(beyond)


def test_it_is_the_same_after_writing_and_reading(patients, tmp_path):
    table = fit_hazard(patients, ("age", "kps"))
    write_hazard(tmp_path, table)
    again = read_hazard(tmp_path)
    values = {"age": 71.0, "kps": 60.0}
    assert again.log_hazard(values) == table.log_hazard(values)
    assert (again.names, again.patients, again.deaths) == (
        table.names,
        table.patients,
        table.deaths,
    )


def test_a_file_of_something_else_is_refused(patients, tmp_path):
    write_hazard(tmp_path, fit_hazard(patients, ("age", "kps")))
    held = load_file(tmp_path / WEIGHTS)
    save_file({**held, "mean": np.zeros(3)}, tmp_path / WEIGHTS)
    with pytest.raises(BundleError, match="one weight for each name"):
        read_hazard(tmp_path)
    (tmp_path / WEIGHTS).write_bytes(b"no tensors")
    with pytest.raises(BundleError, match="cannot be read"):
        read_hazard(tmp_path)
