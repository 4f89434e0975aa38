"""The population that patients are drawn from: sites, each with a scanner and prevalences.

The dial `site_label` ties site to IDH status. A patient's status and site go together as if
the status chose the site: with probability `dial` a patient goes to the sites of that status
(they alternate: wildtype, mutant, wildtype, ...), else to any site. So the prevalence of the
whole cohort is the same at every setting, and at 1 each site sees one status only.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from gliokit.core.errors import SimulationError
from gliokit.phantom.dials import Dials
from gliokit.phantom.patients.genotype import Prevalence


@dataclass(frozen=True, slots=True)
class Site:
    """One hospital.

    Attributes
    ----------
    number : int
        From 0.
    scanner : int
        Number of its scanner, from 0; each site has its own.
    share : float
        Share of all patients, 0-1.
    prevalence : Prevalence
        Among its patients.
    """

    number: int
    scanner: int
    share: float
    prevalence: Prevalence


@dataclass(frozen=True, slots=True)
class Population:
    """Where patients come from.

    Attributes
    ----------
    sites : sequence of Site
        Their shares sum to 1.
    prevalence : Prevalence
        Of all sites together.
    """

    sites: Sequence[Site]
    prevalence: Prevalence


def make_population(
    sites: int, *, dials: Dials, prevalence: Prevalence | None = None
) -> Population:
    """Lay out the sites of a cohort.

    Parameters
    ----------
    sites : int
        How many, at least 1; at least 2 if `dials.site_label` is above 0.
    prevalence : Prevalence, optional
        Of the whole cohort.

    Raises
    ------
    SimulationError
        If there are too few sites.
    """
    needed = 2 if dials.site_label > 0 else 1
    if sites < needed:
        raise SimulationError(
            f"sites: found {sites}; needed at least {needed} with dial site_label "
            f"{dials.site_label:g}, so add sites or lower the dial"
        )
    whole = prevalence or Prevalence()
    numbers = np.arange(sites)
    mutant = whole.idh_mutant * _share_of_status(numbers % 2 == 1, dials.site_label)
    wildtype = (1 - whole.idh_mutant) * _share_of_status(numbers % 2 == 0, dials.site_label)
    laid_out = []
    for number in range(sites):
        share = float(mutant[number] + wildtype[number])
        # a site without patients keeps the prevalence of all
        idh = float(mutant[number]) / share if share > 0 else whole.idh_mutant
        laid_out.append(Site(number, number, share, replace(whole, idh_mutant=idh)))
    return Population(tuple(laid_out), whole)


def draw_site(rng: np.random.Generator, population: Population) -> Site:
    """Draw the site that a patient goes to."""
    edges = np.cumsum([site.share for site in population.sites])
    place = np.searchsorted(edges, rng.random() * edges[-1], side="right")
    return population.sites[min(int(place), len(population.sites) - 1)]


def _share_of_status(is_home: np.ndarray, dial: float) -> np.ndarray:
    """Give the share of each site among patients of one status, (n_sites,)."""
    anywhere = np.full(len(is_home), 1 / len(is_home))
    if not is_home.any():  # a single site
        return anywhere
    return (1 - dial) * anywhere + dial * is_home / np.count_nonzero(is_home)
