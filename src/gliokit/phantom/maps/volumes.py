"""The maps of one visit as volumes on their grids."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from gliokit.core.geometry import Affine
from gliokit.core.vocabulary import Map
from gliokit.phantom.body.anatomy import Anatomy
from gliokit.phantom.maps.biology import TumorBiology
from gliokit.phantom.maps.diffusion import adc_map, draw_diffusion, dti_scalars
from gliokit.phantom.maps.perfusion import draw_perfusion, dsc_study
from gliokit.phantom.maps.pet import draw_pet, fet_pet
from gliokit.phantom.maps.resting_state import band_power, draw_resting_state
from gliokit.phantom.maps.thick_grid import thick_affine

SCALARS = (Map.FA, Map.MD, Map.AD, Map.RD)


@dataclass(frozen=True, slots=True)
class Tissue3D:
    """What a map is made from.

    Attributes
    ----------
    body : Anatomy
        Painted tissue.
    density : (X, Y, Z)
        Tumor cells, 0-1.
    biology : TumorBiology
        What the facts of the patient say.
    patient_seed, visit, site_seed : int, int, int
        The patient's own tissue, this visit's noise, and the site's protocol come from these.
    """

    body: Anatomy
    density: NDArray[np.float32] = field(repr=False)
    biology: TumorBiology
    patient_seed: int
    visit: int = 0
    site_seed: int = 0

    def rng(self, stream: int) -> np.random.Generator:
        """Give the patient's generator of one kind of map; the others do not shift it."""
        return np.random.default_rng([self.patient_seed, 3, stream])

    def noise_seed(self, stream: int) -> int:
        """Give the seed of the textures and the noise of this visit's map."""
        own = np.random.default_rng([self.patient_seed, 3, stream, self.visit + 1])
        return int(own.integers(2**31))


@dataclass(frozen=True, slots=True)
class Volume:
    """A map on its grid.

    Attributes
    ----------
    array : (X, Y, Z) or (X, Y, Z, T)
        In the unit of its `Map`.
    affine : (4, 4)
        Voxel index to RAS+ mm.
    step_s : float
        Time between frames; 0 where they are no series in time.
    truth : mapping of str to (X, Y, Z)
        What the map was made of and has to be computed from it, on the same grid.
    facts : mapping of str to record or list
        What was drawn: tissue, settings of the acquisition, seed of the noise.
    """

    array: NDArray[np.float32] = field(repr=False)
    affine: Affine
    step_s: float = 0.0
    truth: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)
    facts: Mapping[str, object] = field(default_factory=dict)


def make_maps(tissue: Tissue3D, wanted: Iterable[Map]) -> dict[Map, Volume]:
    """Make the maps that are asked for."""
    asked = frozenset(wanted)
    made: dict[Map, Volume] = {}
    for maps, make in MAKERS.items():
        if asked.intersection(maps):
            made |= {kind: volume for kind, volume in make(tissue).items() if kind in asked}
    return made


def _diffusion(tissue: Tissue3D) -> dict[Map, Volume]:
    body = tissue.body
    parameters = replace(draw_diffusion(tissue.rng(0)), seed=tissue.noise_seed(0))
    adc = adc_map(
        body.tissues,
        tissue.density,
        parameters=parameters,
        biology=tissue.biology,
        spacing_mm=body.spacing_mm,
    )
    scalars = dti_scalars(
        adc,
        body.tissues,
        density=tissue.density,
        parameters=parameters,
        biology=tissue.biology,
        spacing_mm=body.spacing_mm,
    )
    values = {Map.ADC: adc, Map.FA: scalars.fa, Map.MD: scalars.md}
    values |= {Map.AD: scalars.ad, Map.RD: scalars.rd}
    facts = {"parameters": parameters}
    return {kind: Volume(array, body.affine, facts=facts) for kind, array in values.items()}


def _perfusion(tissue: Tissue3D) -> dict[Map, Volume]:
    body = tissue.body
    of_site = draw_perfusion(np.random.default_rng([tissue.site_seed, 1])).protocol
    drawn = draw_perfusion(tissue.rng(1))
    leaked = drawn.protocol.leaked_r2s_l_per_s_mmol  # of the tissue, not of the scanner
    protocol = replace(of_site, leaked_r2s_l_per_s_mmol=leaked)
    parameters = replace(drawn, protocol=protocol, seed=tissue.noise_seed(1))
    study = dsc_study(body.tissues, parameters, biology=tissue.biology, spacing_mm=body.spacing_mm)
    volume = Volume(
        study.series,
        thick_affine(body.affine, study.factors),
        step_s=protocol.tr_s,
        truth={
            "cbv": study.cbv,
            "cbf": study.cbf,
            "mtt": study.mtt,
            "ktrans": study.ktrans,
            "arteries": study.arteries.astype(np.float32),
        },
        facts={"parameters": parameters, "aif_mmol_l": study.aif_mmol_l.tolist()},
    )
    return {Map.DSC: volume}


def _pet(tissue: Tissue3D) -> dict[Map, Volume]:
    body = tissue.body
    parameters = replace(draw_pet(tissue.rng(2)), seed=tissue.noise_seed(2))
    array = fet_pet(
        body.tissues,
        tissue.density,
        parameters=parameters,
        biology=tissue.biology,
        spacing_mm=body.spacing_mm,
    )
    return {Map.FET_PET: Volume(array, body.affine, facts={"parameters": parameters})}


def _resting_state(tissue: Tissue3D) -> dict[Map, Volume]:
    body = tissue.body
    parameters = replace(draw_resting_state(tissue.rng(3)), seed=tissue.noise_seed(3))
    bands = band_power(
        body.tissues,
        tissue.density,
        parameters=parameters,
        biology=tissue.biology,
        spacing_mm=body.spacing_mm,
    )
    affine = thick_affine(body.affine, bands.factors)
    return {Map.BAND_POWER: Volume(bands.power, affine, facts={"parameters": parameters})}


Maker: TypeAlias = Callable[[Tissue3D], dict[Map, Volume]]
MAKERS: MappingProxyType[tuple[Map, ...], Maker] = MappingProxyType(
    {
        (Map.ADC, *SCALARS): _diffusion,
        (Map.DSC,): _perfusion,
        (Map.FET_PET,): _pet,
        (Map.BAND_POWER,): _resting_state,
    }
)
