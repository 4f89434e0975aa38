"""The population that patients are drawn from: sites, each with prevalences of its own.

The dial `site_label` ties site to IDH status. A patient's status and site go together as if
the status chose the site: with probability `dial` a patient goes to the sites of that status
(they alternate: wildtype, mutant, wildtype, ...), else to any site. So the prevalence of the
whole cohort is the same at every setting, and at 1 each site sees one status only.

The dial `site_prevalence` spreads the prevalence of IDH mutation between sites, as hospitals
differ; how far is assumed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import ndtri

from gliokit.core.errors import SimulationError
from gliokit.phantom.dials import Dials
from gliokit.phantom.patients.genotype import Prevalence

PREVALENCE_SPREAD = 0.7  # standard deviation of the log odds between sites, at a dial of 1
GOLDEN = 0.6180339887  # steps of it fill an interval evenly


@dataclass(frozen=True, slots=True)
class Site:
    """One hospital.

    Attributes
    ----------
    number : int
        From 0.
    share : float
        Share of all patients, 0-1.
    prevalence : Prevalence
        Among its patients.
    """

    number: int
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
    odd, dial = numbers % 2 == 1, dials.site_label
    tilt = PREVALENCE_SPREAD * dials.site_prevalence * _places(sites) / 2
    mutant = whole.idh_mutant * _share_of_status(odd, tilt, dial)
    wildtype = (1 - whole.idh_mutant) * _share_of_status(~odd, -tilt, dial)
    laid_out = []
    for number in range(sites):
        share = float(mutant[number] + wildtype[number])
        # a site without patients keeps the prevalence of all
        idh = float(mutant[number]) / share if share > 0 else whole.idh_mutant
        laid_out.append(Site(number, share, replace(whole, idh_mutant=idh)))
    return Population(tuple(laid_out), whole)


def draw_site(rng: np.random.Generator, population: Population) -> Site:
    """Draw the site that a patient goes to."""
    edges = np.cumsum([site.share for site in population.sites])
    place = np.searchsorted(edges, rng.random() * edges[-1], side="right")
    return population.sites[min(int(place), len(population.sites) - 1)]


def _places(sites: int) -> np.ndarray:
    """Spread sites over a standard normal, evenly and in no order, (n_sites,)."""
    return np.asarray(ndtri((np.arange(sites) * GOLDEN + 0.5) % 1))


def _share_of_status(is_home: np.ndarray, tilt: np.ndarray, dial: float) -> np.ndarray:
    """Give the share of each site among patients of one status, (n_sites,)."""
    anywhere = np.exp(tilt) / np.exp(tilt).sum()
    if not is_home.any():  # a single site
        return anywhere
    return (1 - dial) * anywhere + dial * is_home / np.count_nonzero(is_home)
