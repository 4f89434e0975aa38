"""Growth of a tumor through tissue: Fisher-KPP reaction and diffusion.

Cell density u (0-1) obeys  du/dt = div(D grad u) + rho u (1 - u), with no flux into tissue
of zero diffusivity. A front moves at 2 sqrt(D rho) and is sqrt(D / rho) wide; so the ratio
of diffusivities sets the shape and the time is arbitrary. Growth stops at a target volume.

Source: Swanson et al., Cell Prolif 2000;33:317-29, doi:10.1046/j.1365-2184.2000.00177.x
(five times faster in white than in gray matter).
"""

import numpy as np
from numpy.typing import NDArray

from gliokit.core.errors import SimulationError
from gliokit.phantom.tissue import Tissue

FRONT = 0.5  # density at which tissue counts as taken
FRONT_WIDTH = 1.5  # voxels; narrower fronts stick to the grid
MAX_STEPS = 4000

# sqrt of a diffusivity is a speed: white to gray 5 : 1 in diffusivity is 2.2 : 1 in speed
INFILTRATION: dict[Tissue, float] = {
    Tissue.WHITE_MATTER: 1.0,
    Tissue.WHITE_MATTER_LESION: 1.0,
    Tissue.CORTEX: 0.2,
    Tissue.DEEP_GRAY: 0.3,
    Tissue.BRAINSTEM: 0.3,
    Tissue.CEREBELLAR_WHITE: 0.5,
    Tissue.CEREBELLAR_CORTEX: 0.1,
}
# vasogenic edema follows white matter and spares cortex
SEEPAGE: dict[Tissue, float] = {
    Tissue.WHITE_MATTER: 1.0,
    Tissue.WHITE_MATTER_LESION: 1.0,
    Tissue.CORTEX: 0.03,
    Tissue.DEEP_GRAY: 0.12,
    Tissue.BRAINSTEM: 0.12,
    Tissue.CEREBELLAR_WHITE: 0.4,
    Tissue.CEREBELLAR_CORTEX: 0.03,
}


def diffusivity(
    tissues: NDArray[np.uint8], relative: dict[Tissue, float], *, roughness: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Give each voxel its diffusivity, roughened by a field in log units; (X, Y, Z)."""
    table = np.zeros(len(Tissue), dtype=np.float32)
    for tissue, value in relative.items():
        table[tissue] = value
    return table[tissues] * np.exp(roughness).clip(0.2, 5.0)


def grow(
    density: NDArray[np.float32], diffusion: NDArray[np.float32], *, target_voxels: float
) -> NDArray[np.float32]:
    """Let a tumor grow until it has taken a volume.

    Parameters
    ----------
    density : (X, Y, Z)
        Cells at the start, 0-1.
    diffusion : (X, Y, Z)
        Relative diffusivity; zero where cells cannot go.
    target_voxels : float
        Voxels above half density at which growth stops.

    Returns
    -------
    (X, Y, Z)
        Density at the end.

    Raises
    ------
    SimulationError
        If the tissue within reach is smaller than the target.
    """
    u = density.astype(np.float32)
    largest = float(diffusion.max())
    rate = largest / FRONT_WIDTH**2  # rho, so that the fastest front is FRONT_WIDTH wide
    step = 0.9 / (6 * largest + rate)  # explicit scheme: stable below 1 / (6 D + rho)
    faces = [_face(diffusion, axis) * step for axis in range(3)]
    growth = rate * step * (diffusion > 0)
    for count in range(MAX_STEPS):
        if count % 8 == 0 and np.count_nonzero(u > FRONT) >= target_voxels:
            return u
        change = growth * u * (1 - u)
        for axis, conductance in enumerate(faces):
            flux = conductance * np.diff(u, axis=axis)
            change[_part(axis, slice(None, -1))] += flux
            change[_part(axis, slice(1, None))] -= flux
        u += change
    raise SimulationError(
        f"tumor reached {np.count_nonzero(u > FRONT)} voxels of {target_voxels:.0f}; "
        "choose a smaller volume or another seed"
    )


def _face(diffusion: NDArray[np.float32], axis: int) -> NDArray[np.float32]:
    """Conductance between neighbors: the harmonic mean, so that one blocked side blocks."""
    a = diffusion[_part(axis, slice(None, -1))]
    b = diffusion[_part(axis, slice(1, None))]
    return 2 * a * b / (a + b + 1e-12)


def _part(axis: int, part: slice) -> tuple[slice, ...]:
    index = [slice(None)] * 3
    index[axis] = part
    return tuple(index)
