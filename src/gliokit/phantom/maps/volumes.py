"""The maps of one visit as volumes on their grids."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
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
    seed : sequence of int
        Of everything random about the maps of this visit.
    """

    body: Anatomy
    density: NDArray[np.float32] = field(repr=False)
    biology: TumorBiology
    seed: tuple[int, ...]

    def rng(self, stream: int) -> np.random.Generator:
        """Give the generator of one kind of map; the others do not shift it."""
        return np.random.default_rng([*self.seed, stream])


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
    facts : mapping of str to number or list
        Settings of the acquisition.
    """

    array: NDArray[np.float32] = field(repr=False)
    affine: Affine
    step_s: float = 0.0
    truth: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)
    facts: Mapping[str, float | list[float]] = field(default_factory=dict)


def make_maps(tissue: Tissue3D, wanted: Iterable[Map]) -> dict[Map, Volume]:
    """Make the maps that are asked for."""
    asked = frozenset(wanted)
    made: dict[Map, Volume] = {}
    for maps, make in MAKERS.items():
        if asked.intersection(maps):
            made |= {kind: volume for kind, volume in make(tissue).items() if kind in asked}
    return made


def _diffusion(tissue: Tissue3D) -> dict[Map, Volume]:
    body, parameters = tissue.body, draw_diffusion(tissue.rng(0))
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
    return {kind: Volume(array, body.affine) for kind, array in values.items()}


def _perfusion(tissue: Tissue3D) -> dict[Map, Volume]:
    body = tissue.body
    study = dsc_study(
        body.tissues,
        draw_perfusion(tissue.rng(1)),
        biology=tissue.biology,
        spacing_mm=body.spacing_mm,
    )
    protocol = study.protocol
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
        facts={
            "tr_s": protocol.tr_s,
            "te_ms": protocol.te_ms,
            "flip_degrees": protocol.flip_degrees,
            "aif_mmol_l": study.aif_mmol_l.tolist(),
        },
    )
    return {Map.DSC: volume}


def _pet(tissue: Tissue3D) -> dict[Map, Volume]:
    body = tissue.body
    array = fet_pet(
        body.tissues,
        tissue.density,
        parameters=draw_pet(tissue.rng(2)),
        biology=tissue.biology,
        spacing_mm=body.spacing_mm,
    )
    return {Map.FET_PET: Volume(array, body.affine)}


def _resting_state(tissue: Tissue3D) -> dict[Map, Volume]:
    body = tissue.body
    bands = band_power(
        body.tissues,
        tissue.density,
        parameters=draw_resting_state(tissue.rng(3)),
        biology=tissue.biology,
        spacing_mm=body.spacing_mm,
    )
    return {Map.BAND_POWER: Volume(bands.power, thick_affine(body.affine, bands.factors))}


Maker: TypeAlias = Callable[[Tissue3D], dict[Map, Volume]]
MAKERS: MappingProxyType[tuple[Map, ...], Maker] = MappingProxyType(
    {
        (Map.ADC, *SCALARS): _diffusion,
        (Map.DSC,): _perfusion,
        (Map.FET_PET,): _pet,
        (Map.BAND_POWER,): _resting_state,
    }
)
