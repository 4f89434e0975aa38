"""Genotypes: what WHO allows, how common, and what an image shows of them."""

from dataclasses import astuple, replace

import numpy as np
import pytest

from gliokit.core.errors import SimulationError
from gliokit.core.vocabulary import Codeletion, IDHStatus, MGMTStatus
from gliokit.phantom.dials import Dials
from gliokit.phantom.patients.genotype import (
    Genotype,
    Prevalence,
    draw_genotype,
    draw_shown,
)

PREVALENCE = Prevalence()


@pytest.fixture(scope="module")
def genotypes() -> list[Genotype]:
    rng = np.random.default_rng(1)
    return [draw_genotype(rng, PREVALENCE) for _ in range(5000)]


def share(those: list[Genotype], field: str, value: object) -> float:
    return float(np.mean([getattr(one, field) == value for one in those]))


def within_3_errors(expected: float, n: int) -> float:
    return 3 * np.sqrt(expected * (1 - expected) / n)


def test_every_genotype_is_one_that_who_allows(genotypes, is_allowed):
    assert all(is_allowed(genotype) for genotype in genotypes)


def test_idh_is_as_common_as_its_prevalence(genotypes):
    expected = PREVALENCE.idh_mutant
    found = share(genotypes, "idh", IDHStatus.MUTANT)
    assert found == pytest.approx(expected, abs=within_3_errors(expected, len(genotypes)))


def test_mgmt_is_methylated_in_45_percent_of_glioblastoma_and_in_most_mutants(genotypes):
    wildtype = [g for g in genotypes if g.idh is IDHStatus.WILDTYPE]
    mutant = [g for g in genotypes if g.idh is IDHStatus.MUTANT]
    found = share(wildtype, "mgmt", MGMTStatus.METHYLATED)
    assert found == pytest.approx(0.45, abs=within_3_errors(0.45, len(wildtype)))
    assert share(mutant, "mgmt", MGMTStatus.METHYLATED) > 0.7


def test_entities_and_grades_come_at_their_shares(genotypes):
    mutant = [g for g in genotypes if g.idh is IDHStatus.MUTANT]
    intact = [g for g in mutant if g.codel_1p19q is Codeletion.INTACT]
    expected = 1 - PREVALENCE.astrocytoma_grade_2 - PREVALENCE.astrocytoma_grade_3
    assert share(intact, "grade", 4) == pytest.approx(
        expected, abs=within_3_errors(expected, len(intact))
    )
    assert share(mutant, "codel_1p19q", Codeletion.CODELETED) == pytest.approx(
        PREVALENCE.codeleted, abs=within_3_errors(PREVALENCE.codeleted, len(mutant))
    )


def test_at_dials_of_one_the_image_shows_the_patients_own_genotype(genotypes):
    rng = np.random.default_rng(2)
    dials = Dials(mgmt_image=1.0)
    for own in genotypes[:200]:
        assert draw_shown(own, prevalence=PREVALENCE, dials=dials, rng=rng) == own


def test_at_dials_of_zero_the_shown_cohort_looks_like_the_true_one(genotypes, is_allowed):
    rng = np.random.default_rng(3)
    dials = Dials.null()
    shown = [draw_shown(g, prevalence=PREVALENCE, dials=dials, rng=rng) for g in genotypes]
    assert all(is_allowed(one) for one in shown)
    kinds = {astuple(genotype) for genotype in genotypes}
    for kind in kinds:
        true, seen = ([astuple(g) == kind for g in those] for those in (genotypes, shown))
        assert np.mean(seen) == pytest.approx(np.mean(true), abs=0.03)


def test_half_a_dial_shows_the_own_status_as_often_as_stated(genotypes):
    rng = np.random.default_rng(4)
    dials = replace(Dials.null(), idh_image=0.5)
    same = [
        draw_shown(g, prevalence=PREVALENCE, dials=dials, rng=rng).idh == g.idh for g in genotypes
    ]
    p = PREVALENCE.idh_mutant
    expected = 0.5 + 0.5 * (p**2 + (1 - p) ** 2)
    assert np.mean(same) == pytest.approx(expected, abs=within_3_errors(expected, len(same)))


def test_an_impossible_prevalence_is_refused():
    with pytest.raises(SimulationError, match=r"prevalence idh_mutant: found 1\.5; needed 0 to 1"):
        Prevalence(idh_mutant=1.5)
    with pytest.raises(SimulationError, match="needed at most 1, lower one"):
        Prevalence(astrocytoma_grade_2=0.7, astrocytoma_grade_3=0.7)
