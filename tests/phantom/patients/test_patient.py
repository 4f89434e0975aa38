"""Patients: drawn alike anywhere, linked as the dials say and not otherwise."""

import subprocess
import sys
from dataclasses import astuple, replace

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import cross_val_score

from gliokit.core.vocabulary import Codeletion, IDHStatus, MGMTStatus
from gliokit.phantom.dials import Dials
from gliokit.phantom.patients.course import draw_course
from gliokit.phantom.patients.patient import Patient, draw_patient
from gliokit.phantom.patients.population import make_population
from gliokit.phantom.tumor.parameters import Kind

N, SITES = 5000, 4
FACTS = {  # of a patient, as numbers
    "idh": lambda p: p.genotype.idh is IDHStatus.MUTANT,
    "codel": lambda p: p.genotype.codel_1p19q is Codeletion.CODELETED,
    "mgmt": lambda p: p.genotype.mgmt is MGMTStatus.METHYLATED,
    "grade": lambda p: p.genotype.grade,
    "age": lambda p: p.age,
}


def draw(dials: Dials, n: int = N) -> list[Patient]:
    population = make_population(SITES, dials=dials)
    return [draw_patient(13, i, population=population, dials=dials) for i in range(n)]


@pytest.fixture(scope="module")
def patients() -> list[Patient]:
    return draw(Dials())


@pytest.fixture(scope="module")
def null_patients() -> list[Patient]:
    return draw(Dials.null())


def fact(patients: list[Patient], name: str) -> np.ndarray:
    return np.array([FACTS[name](p) for p in patients], dtype=float)


def tumor_features(patients: list[Patient]) -> np.ndarray:
    """Every parameter of the tumor that an image could show, (n_patients, n_features)."""
    rows = []
    for p in patients:
        _, *numbers, _ = astuple(p.tumor)  # without kind and seed
        rows.append([*(p.tumor.kind is kind for kind in Kind), *map(float, numbers)])
    return np.array(rows, dtype=float)


def permutation_p(X: np.ndarray, y: np.ndarray) -> float:
    """Give the chance of as large a sum of squared correlations if patients are shuffled."""
    rng = np.random.default_rng(0)
    X, y = ((a - a.mean(0)) / a.std(0) for a in (X, y))
    shuffled = np.array([y, *(rng.permutation(y) for _ in range(500))])
    statistic = ((shuffled @ X) ** 2).sum(1)
    return float((statistic >= statistic[0]).mean())


def outcome(patients: list[Patient]) -> np.ndarray:
    return np.log([p.death_day for p in patients])


def clinic(patients: list[Patient]) -> np.ndarray:
    """Whatever survival could depend on besides the tumor, (n_patients, n_features)."""
    rows = []
    for p in patients:
        treated = [p.resection == r for r in ("GTR", "STR", "PR")]
        treated += ["RT" in p.therapy, "TMZ" in p.therapy]
        rows.append([*(f(p) for f in FACTS.values()), p.kps, np.log(p.vascularity), *treated])
    return np.array(rows, dtype=float)


def auc(patients: list[Patient], name: str) -> float:
    forest = RandomForestClassifier(60, min_samples_leaf=5, random_state=0)
    y = fact(patients, name) if name != "grade" else fact(patients, name) == 4
    return cross_val_score(forest, tumor_features(patients), y, cv=3, scoring="roc_auc").mean()


def test_a_patient_depends_on_seed_and_number_alone(patients):
    population = make_population(SITES, dials=Dials())
    for number in (4321, 7):
        assert draw_patient(13, number, population=population, dials=Dials()) == patients[number]
    assert draw_patient(14, 7, population=population, dials=Dials()) != patients[7]


def test_another_process_draws_the_same_patient(patients):
    script = "from gliokit.phantom.patients.patient import draw_patient as d"
    script += "; from gliokit.phantom.patients.population import make_population as m"
    script += "; from gliokit.phantom.dials import Dials as D"
    script += f"; print(d(13, 42, population=m({SITES}, dials=D()), dials=D()))"
    printed = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert printed.stdout.strip() == str(patients[42])


def test_every_patient_keeps_the_rules_of_who(patients, null_patients, is_allowed):
    assert all(is_allowed(p.genotype) for p in patients + null_patients)


def test_ages_have_the_median_of_their_entity(patients):
    wildtype = np.median([p.age for p in patients if p.genotype.idh is IDHStatus.WILDTYPE])
    mutant = [p for p in patients if p.genotype.idh is IDHStatus.MUTANT]
    astrocytoma = np.median([p.age for p in mutant if p.genotype.codel_1p19q is Codeletion.INTACT])
    codeleted = np.median([p.age for p in mutant if p.genotype.codel_1p19q is Codeletion.CODELETED])
    assert (wildtype, astrocytoma, codeleted) == pytest.approx((63.5, 38.5, 43.5), abs=1.5)
    assert all(18 <= p.age <= 90 for p in patients)


def test_treatment_comes_in_order_and_radiation_has_its_dose(patients):
    for p in patients:
        assert 3 <= p.surgery_day <= 21
        assert ("RT" in p.therapy) == (p.rt_start_day is not None) == (p.rt_dose_gy > 0)
        if p.rt_start_day is not None and p.rt_end_day is not None:
            assert 21 <= p.rt_start_day - p.surgery_day <= 42
            assert 39 <= p.rt_end_day - p.rt_start_day <= 44


def test_most_young_patients_with_grade_4_get_chemoradiation_and_fewer_old_ones(patients):
    young, old = (
        np.mean(
            [
                p.therapy == "RT+TMZ"
                for p in patients
                if p.genotype.grade == 4 and (p.age >= 70) == is_old
            ]
        )
        for is_old in (False, True)
    )
    assert young > 0.75
    assert 0.4 < old < 0.6


def test_larger_tumors_are_less_often_resected_wholly(patients):
    small, large = (
        np.mean([p.resection == "GTR" for p in patients if (p.tumor.core_ml > 30) == is_large])
        for is_large in (False, True)
    )
    assert small > large + 0.05


def test_old_patients_with_large_tumors_have_lower_kps(patients):
    kps = np.array([p.kps for p in patients])
    worst = np.array([p.age > 70 and p.tumor.core_ml > 40 for p in patients])
    best = np.array([p.age < 50 and p.tumor.core_ml < 15 for p in patients])
    assert kps[best].mean() > kps[worst].mean() + 3
    assert set(kps) <= set(range(40, 101, 10))


@pytest.mark.parametrize("name", ["idh", "codel", "mgmt", "grade"])
def test_at_dials_of_zero_tumors_know_nothing_of_genotype(null_patients, name):
    assert permutation_p(tumor_features(null_patients), fact(null_patients, name)) > 0.02


@pytest.mark.parametrize("name", ["idh", "codel", "grade"])
def test_at_dials_of_one_the_same_test_finds_the_genotype(patients, name):
    assert permutation_p(tumor_features(patients), fact(patients, name)) < 0.005


def test_at_dials_of_zero_survival_knows_nothing_of_anything(null_patients):
    everything = np.hstack([clinic(null_patients), tumor_features(null_patients)])
    assert permutation_p(everything, outcome(null_patients)) > 0.02


def test_at_dials_of_one_survival_depends_on_the_clinic(patients):
    assert permutation_p(clinic(patients), outcome(patients)) < 0.005


def test_at_dials_of_zero_age_and_site_know_nothing_of_genotype(null_patients):
    genotype = np.stack([fact(null_patients, n) for n in ("idh", "codel", "grade", "mgmt")], 1)
    sites = np.array([p.site for p in null_patients])
    assert permutation_p(genotype, fact(null_patients, "age")) > 0.02
    for site in range(SITES):
        assert permutation_p(genotype, (sites == site).astype(float)) > 0.02


def treatment(patients: list[Patient]) -> np.ndarray:
    therapies = [["RT" in p.therapy, "TMZ" in p.therapy, p.rt_dose_gy] for p in patients]
    return np.array(therapies, dtype=float)


@pytest.mark.parametrize("name", ["idh", "codel", "grade"])
def test_at_dials_of_zero_treatment_knows_nothing_of_genotype(null_patients, patients, name):
    assert permutation_p(treatment(null_patients), fact(null_patients, name)) > 0.02
    assert permutation_p(treatment(patients), fact(patients, name)) < 0.005


def test_at_dials_of_zero_follow_up_knows_nothing_of_genotype_or_survival(null_patients):
    """Whoever is seen at the fifth visit: what it shows, by the true facts."""
    seen, shown = [], []
    for p in null_patients[:3000]:
        course = draw_course(
            p, visits=5, rng=np.random.default_rng([p.seed, 1]), dials=Dials.null()
        )
        if len(course) == 5:
            v = course[-1]
            seen.append(p)
            shown.append([np.log1p(v.new_ml), v.edema, v.dexamethasone_mg_per_day, v.kps])
    features = np.array(shown)
    for name in ("idh", "codel", "grade", "mgmt"):
        assert permutation_p(features, fact(seen, name)) > 0.02, name
    assert permutation_p(features[:, :1], outcome(seen)) > 0.02


def test_at_site_label_of_one_a_site_tells_the_idh_status():
    for p in draw(replace(Dials(), site_label=1.0), n=300):
        assert (p.genotype.idh is IDHStatus.MUTANT) == (p.site % 2 == 1)


@pytest.mark.parametrize(("name", "at_least"), [("idh", 0.9), ("codel", 0.8), ("grade", 0.8)])
def test_at_dials_of_one_a_forest_finds_the_genotype_in_the_tumor(patients, name, at_least):
    assert auc(patients[:2500], name) > at_least


@pytest.mark.parametrize("name", ["idh", "codel", "grade", "mgmt"])
def test_at_dials_of_zero_a_forest_finds_nothing(null_patients, name):
    assert auc(null_patients[:2500], name) == pytest.approx(0.5, abs=0.05)


def test_mgmt_shows_in_the_tumor_by_its_dial_alone(patients):
    assert auc(draw(Dials(mgmt_image=1.0), n=2500), "mgmt") > 0.75
    wildtype = [p for p in patients if p.genotype.idh is IDHStatus.WILDTYPE]  # the rest goes by IDH
    assert auc(wildtype[:2500], "mgmt") == pytest.approx(0.5, abs=0.05)
