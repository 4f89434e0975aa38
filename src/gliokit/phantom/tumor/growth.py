"""Growth of a tumor through tissue: Fisher-KPP reaction and diffusion.

Cell density u (0-1, share of the carrying capacity) obeys

    du/dt = div(D grad u) + rho u (1 - u)

with no flux into tissue of zero diffusivity, nor through the falx and the tentorium. In
even tissue a front moves at 2 sqrt(D rho) and is sqrt(D / rho) wide. Growth is followed until
a volume is taken, or for a time; the day on which each voxel was taken is kept, since what a
tumor becomes (rim, necrosis) depends on how long it has been there.

Explicit scheme; harmonic means between neighbors, so that one blocked side blocks.

Source: Swanson et al., Cell Prolif 2000;33:317-29, doi:10.1046/j.1365-2184.2000.00177.x
(five times faster in white than in gray matter; high grade: D 0.13 mm²/day in white matter,
rho 0.012 per day).
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from gliokit.core.errors import SimulationError
from gliokit.phantom.body.compartments import open_faces
from gliokit.phantom.body.tissue import Tissue

FRONT = 0.5  # density at which tissue counts as taken
NARROWEST_FRONT = 1.2  # voxels; narrower fronts stick to the grid
MAX_STEPS = 20_000
CHECK_EVERY = 2  # steps between two looks at the volume
LATE = 1.05  # when what growth has not reached would be reached, against its days
REACHED = 1.02  # interpolated days below this share of the whole count as reached
STALLED = 600  # steps without a new voxel after which there is nowhere left to go

# relative to white matter: white to gray is 5 : 1 (Swanson); the rest is assumed
INFILTRATION: dict[Tissue, float] = {
    Tissue.WHITE_MATTER: 1.0,
    Tissue.WHITE_MATTER_LESION: 1.0,
    Tissue.EDEMA: 1.0,
    Tissue.GLIOSIS: 1.0,
    Tissue.CORTEX: 0.2,
    Tissue.DEEP_GRAY: 0.3,
    Tissue.BRAINSTEM: 0.3,
    Tissue.CEREBELLAR_WHITE: 0.5,
    Tissue.CEREBELLAR_CORTEX: 0.1,
}
# vasogenic edema follows white matter and spares cortex (assumed)
SEEPAGE: dict[Tissue, float] = {
    Tissue.WHITE_MATTER: 1.0,
    Tissue.WHITE_MATTER_LESION: 1.0,
    Tissue.CORTEX: 0.03,
    Tissue.DEEP_GRAY: 0.12,
    Tissue.BRAINSTEM: 0.12,
    Tissue.CEREBELLAR_WHITE: 0.4,
    Tissue.CEREBELLAR_CORTEX: 0.03,
}


@dataclass(frozen=True, slots=True)
class Medium:
    """Where cells can go.

    Attributes
    ----------
    diffusivity : (X, Y, Z)
        mm² per day; zero where cells cannot go.
    compartments : (X, Y, Z)
        `gliokit.phantom.body.compartments.Compartment`: which neighbors are walled off.
    spacing_mm : float
        Side of a voxel.
    """

    diffusivity: NDArray[np.float32] = field(repr=False)
    compartments: NDArray[np.uint8] = field(repr=False)
    spacing_mm: float


@dataclass(frozen=True, slots=True)
class Growth:
    """A tumor that has grown.

    Attributes
    ----------
    density : (X, Y, Z)
        Cells at the end, 0-1.
    arrival_days : (X, Y, Z)
        When the density first passed one half; infinite where it has not.
    days : float
        How long it grew.
    """

    density: NDArray[np.float32] = field(repr=False)
    arrival_days: NDArray[np.float32] = field(repr=False)
    days: float


def diffusivity(
    tissues: NDArray[np.uint8], relative: dict[Tissue, float], *, roughness: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Give each voxel its relative diffusivity, roughened by a field in log units; (X, Y, Z)."""
    table = np.zeros(len(Tissue), dtype=np.float32)
    for tissue, value in relative.items():
        table[tissue] = value
    return table[tissues] * np.exp(roughness).clip(0.2, 5.0)


def seeded(
    shape: tuple[int, ...], place: NDArray[np.int64], *, around: int = 1
) -> NDArray[np.float32]:
    """Fill the voxels up to `around` from a place with cells, (X, Y, Z)."""
    density = np.zeros(shape, dtype=np.float32)
    density[tuple(slice(max(i - around, 0), i + around + 1) for i in place)] = 1
    return density


def finite_arrival(growth: Growth) -> NDArray[np.float32]:
    """Give arrival days that can be interpolated: what was not reached comes a little late."""
    reached = np.isfinite(growth.arrival_days)
    return np.where(reached, growth.arrival_days, growth.days * LATE).astype(np.float32)


def has_arrived(arrival_days: NDArray[np.float32], growth: Growth) -> NDArray[np.bool_]:
    """Tell of interpolated arrival days which were reached."""
    return arrival_days < growth.days * REACHED


def grow(
    density: NDArray[np.float32],
    medium: Medium,
    *,
    rate_per_day: float,
    target_ml: float = np.inf,
    days: float = np.inf,
) -> Growth:
    """Let a tumor grow until it has taken a volume, or for a time.

    Parameters
    ----------
    density : (X, Y, Z)
        Cells at the start, 0-1.
    rate_per_day : float
        rho: growth of sparse cells.
    target_ml : float
        Volume above half density at which growth stops.
    days : float
        Time after which growth stops.

    Raises
    ------
    SimulationError
        If the tissue within reach is smaller than the target.
    """
    u = density.astype(np.float32)
    step = _stable_step(medium, rate_per_day)
    faces = [_face(medium, axis) * np.float32(step) for axis in range(3)]
    growth = (rate_per_day * step * (medium.diffusivity > 0)).astype(np.float32)
    arrival = np.full(u.shape, np.inf, dtype=np.float32)
    voxel_ml = medium.spacing_mm**3 / 1000
    taken, last = 0, 0
    for count in range(MAX_STEPS):
        if count % CHECK_EVERY == 0:
            new = (u > FRONT) & np.isinf(arrival)
            if new.any():
                arrival[new] = count * step
                taken, last = taken + int(np.count_nonzero(new)), count
            if taken * voxel_ml >= target_ml:
                return Growth(u, arrival, count * step)
        if count * step >= days:
            return Growth(u, arrival, count * step)
        if count - last > STALLED and np.isfinite(target_ml):
            break
        _advance(u, faces, growth)
    raise SimulationError(
        f"tumor reached {taken * voxel_ml:.1f} mL of {target_ml:.1f} mL; "
        "choose a smaller volume or another seed"
    )


def _advance(
    u: NDArray[np.float32], faces: list[NDArray[np.float32]], growth: NDArray[np.float32]
) -> None:
    """Take one time step, in place."""
    change = growth * u * (1 - u)
    for axis, conductance in enumerate(faces):
        flux = conductance * np.diff(u, axis=axis)
        change[_part(axis, slice(None, -1))] += flux
        change[_part(axis, slice(1, None))] -= flux
    u += change


def _stable_step(medium: Medium, rate_per_day: float) -> float:
    """Give the step in days; the scheme is stable and within 0-1 below 1 / (6 D / h² + rho)."""
    fastest = float(medium.diffusivity.max()) / medium.spacing_mm**2
    return 0.9 / (6 * fastest + rate_per_day)


def _face(medium: Medium, axis: int) -> NDArray[np.float32]:
    """Conductance between neighbors per day; zero through walls."""
    a = medium.diffusivity[_part(axis, slice(None, -1))]
    b = medium.diffusivity[_part(axis, slice(1, None))]
    mean = 2 * a * b / (a + b + np.float32(1e-12)) / np.float32(medium.spacing_mm**2)
    return np.where(open_faces(medium.compartments, axis), mean, np.float32(0))


def _part(axis: int, part: slice) -> tuple[slice, ...]:
    index = [slice(None)] * 3
    index[axis] = part
    return tuple(index)
