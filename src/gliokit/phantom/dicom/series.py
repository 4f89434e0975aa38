"""Plan of the series of one simulated whole-head study: protocol, grid and header of each.

A localizer in three planes, T1, T2, FLAIR (axial, oblique or sagittal 3-D), an ADC map, and
after the contrast agent a thick axial T1 and a sagittal 3-D T1. Each has a grid of its own;
T2 is always oblique and its instances interleaved, so every study has what readers trip over.
`draw_plan` is random; `covering_grid` and `scale_to_peak` are plain.

Limits: no phase maps, no repeats, no diffusion series beside its map, no coronal volume. All
voxel sizes, angles and shares are assumed, after clinical protocols of brain tumors.

Source: Ellingson et al., Neuro Oncol 2015;17:1188-98, doi:10.1093/neuonc/nov095 (consensus
protocol: slices, order, agent).
"""

from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial.transform import Rotation

from gliokit.core.geometry import Grid
from gliokit.core.vocabulary import Map, MRSequence
from gliokit.io.dicom_writer import Element, SeriesFacts, SliceOrder
from gliokit.phantom.dicom.vendor_headers import (
    AGENTS,
    HEADERS,
    MANNERS,
    STATED_TIMES,
    TELLS_CONTRAST,
    Slot,
    Times,
)
from gliokit.phantom.scan.scanner import Vendor
from gliokit.phantom.scan.signal import Protocol, Pulse

MARGIN_MM = 6.0  # of air around the head, on each side
MATRIX_MULTIPLE = 8  # rows and columns
CSF_T1_MS = 4300.0  # Rooney et al., Magn Reson Med 2007;57:308-18, at any field
AGENT_UNSTATED = 0.3  # share of series with a telling description that leave the agent out
BRIGHTEST_PERCENTILE = 99.9
LOCALIZER_SLICES = 3

# world direction (RAS) of each array axis, as columns: along a row, down a column, across
AXIAL = np.array([[-1.0, 0, 0], [0, -1, 0], [0, 0, 1]])
CORONAL = np.array([[-1.0, 0, 0], [0, 0, 1], [0, -1, 0]])
SAGITTAL = np.array([[0.0, 0, 1], [-1, 0, 0], [0, -1, 0]])

SEQUENCES: dict[Slot, MRSequence | Map] = {
    Slot.LOCALIZER: MRSequence.T1,
    Slot.T1: MRSequence.T1,
    Slot.T2: MRSequence.T2,
    Slot.FLAIR: MRSequence.FLAIR,
    Slot.FLAIR_3D: MRSequence.FLAIR,
    Slot.ADC: Map.ADC,
    Slot.T1C: MRSequence.T1C,
    Slot.T1C_3D: MRSequence.T1C,
}
IN_3D = (Slot.FLAIR_3D, Slot.T1C_3D)


class Role(StrEnum):
    """What a series is for."""

    IMAGE = "image"
    LOCALIZER = "localizer"
    DERIVED = "derived"


@dataclass(frozen=True, slots=True)
class SeriesPlan:
    """One series, or one plane of the localizer.

    Attributes
    ----------
    sequence : MRSequence or Map
        What is seen; of a localizer, roughly.
    protocol : Protocol
        What weighs the image; the header may state other times.
    grid : Grid
        Its third axis runs across the slices.
    facts : SeriesFacts
        The header; `thickness_mm` is the slice profile, the rest of the spacing is gap.
    peak : float or None
        Value of the brightest tissue; None for a map, whose values mean something.
    """

    role: Role
    sequence: MRSequence | Map
    protocol: Protocol
    grid: Grid
    facts: SeriesFacts
    peak: float | None


@dataclass(frozen=True, slots=True)
class StudyPlan:
    """One session on one scanner.

    Attributes
    ----------
    field_t : float
        Magnetic field in tesla.
    start_minute : int
        Of the day.
    named_series : int
        Number of the series whose free text names the patient.
    enhanced : bool
        Multi-frame files.
    made_by : str
        Names the settings of the simulation: other settings give other UIDs.
    """

    vendor: Vendor
    model: str
    software: str
    field_t: float
    start_minute: int
    named_series: int
    enhanced: bool
    series: tuple[SeriesPlan, ...]
    made_by: str = ""


def draw_plan(
    rng: np.random.Generator,
    *,
    vendor: Vendor,
    extent_mm: NDArray[np.float64],
    field_t: float | None = None,
    coarseness: float = 1.0,
    enhanced: bool = False,
) -> StudyPlan:
    """Draw the series of one study.

    Parameters
    ----------
    extent_mm : (2, 3)
        Lower and upper corner of the head in RAS+ mm.
    field_t : float, optional
        1.5 or 3 tesla; drawn where it is not given.
    coarseness : float
        Factor on all voxel sizes; 3 for the studies of coarse anatomies.
    enhanced : bool
        Multi-frame files instead of one file per slice.
    """
    drawn = MANNERS[vendor].models[int(rng.integers(2))]
    fitting = [model for model in MANNERS[vendor].models if model[1] == field_t]
    model, field_t, software = fitting[0] if fitting else drawn
    series = _draw_localizer(rng, vendor, extent_mm, coarseness=coarseness)
    flair = Slot.FLAIR if rng.random() < 0.6 else Slot.FLAIR_3D
    t1 = _draw_protocol(rng, Slot.T1)
    slots = (Slot.T1, Slot.T2, flair, Slot.ADC, Slot.T1C, Slot.T1C_3D)
    for place, slot in enumerate(slots, 1):
        protocol = t1 if slot is Slot.T1 else _draw_protocol(rng, slot)
        if slot is Slot.T1C:  # as before the agent, so that the two can be compared
            protocol = replace(t1, contrast_agent=True)
        grid, thickness_mm = _draw_grid(rng, slot, extent_mm, coarseness=coarseness)
        facts = _draw_facts(rng, vendor, slot, protocol=protocol, place=place)
        facts = replace(facts, thickness_mm=thickness_mm)
        series.append(_series(rng, vendor, slot, protocol=protocol, grid=grid, facts=facts))
    images = [one.facts.number for one in series if one.role is Role.IMAGE]
    return StudyPlan(
        vendor=vendor,
        model=model,
        software=software,
        field_t=field_t,
        start_minute=int(rng.integers(7 * 60, 18 * 60)),
        named_series=int(rng.choice(images)),
        enhanced=enhanced,
        series=tuple(series),
    )


def covering_grid(
    extent_mm: NDArray[np.float64],
    *,
    axes: NDArray[np.float64],
    spacing_mm: ArrayLike,
    slices: int | None = None,
) -> Grid:
    """Lay a grid around the ellipsoid that fills a box, with a margin of air.

    Parameters
    ----------
    extent_mm : (2, 3)
        Lower and upper corner of the box in RAS+ mm.
    axes : (3, 3)
        World direction of each array axis, as columns.
    spacing_mm : (3,)
        Along the array's axes.
    slices : int, optional
        Through the center only so many, whatever they cover.
    """
    spacing = np.asarray(spacing_mm, dtype=np.float64)
    half = (extent_mm[1] - extent_mm[0]) / 2
    reach = np.linalg.norm(half[:, None] * axes, axis=0) + MARGIN_MM
    shape = np.ceil(2 * reach / spacing).astype(int)
    shape[:2] += -shape[:2] % MATRIX_MULTIPLE
    shape[2] = slices or shape[2]
    affine = np.eye(4)
    affine[:3, :3] = axes * spacing
    affine[:3, 3] = extent_mm.mean(axis=0) - affine[:3, :3] @ ((shape - 1) / 2)
    x, y, z = (int(n) for n in shape)
    return Grid((x, y, z), affine)


def scale_to_peak(image: NDArray[np.float32], plan: SeriesPlan) -> NDArray[np.float32]:
    """Scale an image (X, Y, Z) to the scanner's numbers; a map keeps its own, cut to the bits."""
    top = np.float32(2**plan.facts.bits_stored - 1)
    if plan.peak is not None:
        brightest = float(np.percentile(image, BRIGHTEST_PERCENTILE))
        image = image * np.float32(plan.peak / brightest if brightest > 0 else 1.0)
    return np.clip(image, 0, top, dtype=np.float32)


def _draw_localizer(
    rng: np.random.Generator,
    vendor: Vendor,
    extent_mm: NDArray[np.float64],
    *,
    coarseness: float,
) -> list[SeriesPlan]:
    """Draw three planes with few thick slices that share one series."""
    protocol = _draw_protocol(rng, Slot.LOCALIZER)
    facts = _draw_facts(rng, vendor, Slot.LOCALIZER, protocol=protocol, place=0)
    facts = replace(facts, thickness_mm=8.0 * coarseness, order=SliceOrder.ASCENDING)
    spacing = np.array([1.0, 1.0, 16.0]) * coarseness
    planes = []
    for place, axes in enumerate((SAGITTAL, CORONAL, AXIAL)):
        grid = covering_grid(extent_mm, axes=axes, spacing_mm=spacing, slices=LOCALIZER_SLICES)
        part = replace(facts, first_instance=1 + place * LOCALIZER_SLICES)
        planes.append(
            _series(rng, vendor, Slot.LOCALIZER, protocol=protocol, grid=grid, facts=part)
        )
    return planes


def _draw_protocol(rng: np.random.Generator, slot: Slot) -> Protocol:
    agent = slot in (Slot.T1C, Slot.T1C_3D)
    if slot is Slot.LOCALIZER:
        return Protocol(
            Pulse.SPOILED_GRADIENT_ECHO, rng.uniform(8, 12), rng.uniform(3, 5), flip_degrees=20
        )
    if slot in (Slot.T1, Slot.T1C):
        return Protocol(
            Pulse.SPIN_ECHO, rng.uniform(450, 700), rng.uniform(8, 15), contrast_agent=agent
        )
    if slot is Slot.T1C_3D:
        return Protocol(
            Pulse.INVERSION_RECOVERY,
            rng.uniform(1900, 2400),
            rng.uniform(2.5, 4),
            ti_ms=rng.uniform(850, 1050),
            flip_degrees=float(rng.integers(8, 13)),
            contrast_agent=agent,
        )
    if slot in (Slot.T2, Slot.ADC):
        return Protocol(Pulse.SPIN_ECHO, rng.uniform(3500, 6000), rng.uniform(80, 110))
    tr_ms = rng.uniform(4800, 6000) if slot is Slot.FLAIR_3D else rng.uniform(8500, 10000)
    nulls_csf = CSF_T1_MS * np.log(2 / (1 + np.exp(-tr_ms / CSF_T1_MS)))
    ti_ms = float(nulls_csf * rng.uniform(0.96, 1.04))
    return Protocol(Pulse.INVERSION_RECOVERY, tr_ms, rng.uniform(95, 135), ti_ms=ti_ms)


def _draw_grid(
    rng: np.random.Generator,
    slot: Slot,
    extent_mm: NDArray[np.float64],
    *,
    coarseness: float,
) -> tuple[Grid, float]:
    """Give the grid of a series and the thickness of its slices in mm."""
    axes = (SAGITTAL if slot in IN_3D else AXIAL).copy()
    axes[:, 2] *= rng.choice([-1, 1])
    if slot is Slot.T2 or (slot is Slot.FLAIR and rng.random() < 0.5):
        axes = _draw_tilt(rng) @ axes
    if slot in IN_3D:
        in_plane, thickness = rng.choice([0.8594, 0.9375, 1.0]), rng.choice([1.0, 1.2])
        distance = thickness
    elif slot is Slot.ADC:
        in_plane, thickness, distance = 1.0, 5.0, 6.0
    else:
        in_plane = rng.choice([0.5, 0.5729, 0.6875, 0.7188, 0.8594, 0.9375])
        thickness = rng.choice([3.0, 4.0, 5.0])
        distance = thickness * rng.choice([1.0, 1.1, 1.2])
    spacing = np.array([in_plane, in_plane, distance]) * coarseness
    grid = covering_grid(extent_mm, axes=axes, spacing_mm=spacing)
    return grid, float(thickness * coarseness)


def _draw_tilt(rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw a rotation: the chin down or up by 5 to 20 degrees, and a little of the others."""
    pitch = rng.uniform(5, 20) * rng.choice([-1, 1])
    angles = [pitch, *rng.normal(0, 2.5, 2)]
    return Rotation.from_euler("xyz", angles, degrees=True).as_matrix()


def _draw_facts(
    rng: np.random.Generator, vendor: Vendor, slot: Slot, *, protocol: Protocol, place: int
) -> SeriesFacts:
    """Draw the header of a series but for its thickness."""
    manner, header = MANNERS[vendor], HEADERS[vendor, slot]
    stated = STATED_TIMES.get((vendor, slot), Times())
    description = str(rng.choice(header.descriptions))
    inversion = protocol.ti_ms if stated.inversion_ms is None else stated.inversion_ms
    return SeriesFacts(
        number=manner.first_number + place * manner.number_step,
        description=description,
        image_type=tuple(header.image_type.split("\\")),
        scanning_sequence=tuple(header.scanning_sequence.split("\\")),
        sequence_variant=tuple(header.sequence_variant.split("\\")),
        acquisition_type="3D" if slot in IN_3D else "2D",
        repetition_ms=round(stated.repetition_ms or protocol.tr_ms, 2),
        echo_ms=round(stated.echo_ms or protocol.te_ms, 2),
        inversion_ms=round(inversion, 1) or None,
        flip_degrees=protocol.flip_degrees,
        thickness_mm=0.0,
        contrast_agent=_draw_agent(rng, description) if protocol.contrast_agent else "",
        delay_s=place * 280 + int(rng.integers(60)),
        order=_draw_order(rng, slot),
        state_spacing=slot not in IN_3D or manner.spacing_in_3d,
        rescaled=manner.rescaled,
        bits_stored=manner.bits_stored,
        elements=_vendor_elements(vendor, description),
    )


def _draw_agent(rng: np.random.Generator, description: str) -> str:
    agent = str(rng.choice(AGENTS))
    tells = any(part in description.upper() for part in TELLS_CONTRAST)
    # one of the two always tells, else nobody could know
    return "" if tells and rng.random() < AGENT_UNSTATED else agent


def _draw_order(rng: np.random.Generator, slot: Slot) -> SliceOrder:
    if slot is Slot.T2:
        return SliceOrder.INTERLEAVED
    shares = [0.6, 0.4, 0.0] if slot in IN_3D else [0.4, 0.25, 0.35]
    return tuple(SliceOrder)[int(rng.choice(3, p=shares))]


def _vendor_elements(vendor: Vendor, description: str) -> tuple[Element, ...]:
    """Give what only this vendor writes."""
    elements = [Element(0x00181030, "LO", description)]  # protocol name
    if body_part := MANNERS[vendor].body_part:
        elements.append(Element(0x00180015, "CS", body_part))
    if vendor is Vendor.GE:  # the name of the protocol is that of the whole examination
        elements[0] = Element(0x00181030, "LO", "BRAIN TUMOR W/WO")
        elements.append(Element(0x00180022, "CS", ("FAST_GEMS", "EDR_GEMS")))
    return tuple(elements)


def _series(
    rng: np.random.Generator,
    vendor: Vendor,
    slot: Slot,
    *,
    protocol: Protocol,
    grid: Grid,
    facts: SeriesFacts,
) -> SeriesPlan:
    roles = {Slot.LOCALIZER: Role.LOCALIZER, Slot.ADC: Role.DERIVED}
    role = roles.get(slot, Role.IMAGE)
    peak = None if role is Role.DERIVED else float(rng.uniform(*MANNERS[vendor].peaks))
    return SeriesPlan(role, SEQUENCES[slot], protocol, grid, facts, peak)
