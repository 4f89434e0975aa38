"""Sites: their shares and prevalences by the dial that ties them to IDH status."""

import numpy as np
import pytest

from gliokit.core.errors import SimulationError
from gliokit.phantom.dials import Dials
from gliokit.phantom.patients.genotype import Prevalence
from gliokit.phantom.patients.population import draw_site, make_population


@pytest.mark.parametrize("dial", [0.0, 0.4, 1.0])
@pytest.mark.parametrize("sites", [2, 3, 6])
def test_the_cohort_keeps_its_prevalence_at_every_dial(dial, sites):
    population = make_population(sites, dials=Dials(site_label=dial))
    assert sum(site.share for site in population.sites) == pytest.approx(1)
    together = sum(site.share * site.prevalence.idh_mutant for site in population.sites)
    assert together == pytest.approx(population.prevalence.idh_mutant)


def test_without_the_dial_all_sites_are_alike():
    population = make_population(4, dials=Dials.null())
    assert {site.prevalence for site in population.sites} == {Prevalence()}
    assert [site.share for site in population.sites] == pytest.approx([0.25] * 4)


def test_at_one_each_site_sees_one_status_only():
    population = make_population(4, dials=Dials(site_label=1.0))
    assert [site.prevalence.idh_mutant for site in population.sites] == [0, 1, 0, 1]


def test_between_sites_are_tilted():
    wildtype, mutant = make_population(2, dials=Dials(site_label=0.5)).sites
    assert 0 < wildtype.prevalence.idh_mutant < 0.35 < mutant.prevalence.idh_mutant < 1


def test_the_prevalence_of_sites_spreads_by_its_dial():
    spread = [
        np.ptp(
            [
                site.prevalence.idh_mutant
                for site in make_population(8, dials=Dials(site_prevalence=dial)).sites
            ]
        )
        for dial in (0.0, 0.5, 1.0)
    ]
    assert spread[0] == 0
    assert 0.1 < spread[1] < spread[2] < 0.6


def test_sites_are_drawn_by_their_share():
    population = make_population(3, dials=Dials(site_label=0.8))
    rng = np.random.default_rng(1)
    drawn = np.bincount([draw_site(rng, population).number for _ in range(4000)], minlength=3)
    shares = [site.share for site in population.sites]
    assert drawn / 4000 == pytest.approx(np.array(shares), abs=0.025)


def test_a_single_site_cannot_be_tied_to_a_status():
    with pytest.raises(SimulationError, match="sites: found 1; needed at least 2"):
        make_population(1, dials=Dials(site_label=0.5))
    assert make_population(1, dials=Dials()).sites[0].share == 1


def test_a_site_without_patients_is_no_error():
    population = make_population(
        2, dials=Dials(site_label=1.0), prevalence=Prevalence(idh_mutant=0.0)
    )
    assert [site.share for site in population.sites] == [1, 0]
