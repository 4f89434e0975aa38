"""The pixels of a simulated DICOM study: every series scanned on its own grid.

Each series has its own small displacement of the head, noise and coil; the map (ADC) is
interpolated from the voxels of the body.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import affine_transform

from gliokit.core.geometry import Grid, to_world
from gliokit.core.vocabulary import Map, MRSequence
from gliokit.phantom.cohort import SimulatedVisit, map_tissue
from gliokit.phantom.dicom.series import SeriesPlan
from gliokit.phantom.maps.volumes import make_maps
from gliokit.phantom.scan.acquisition import acquire_on_grid, draw_acquisition
from gliokit.phantom.scan.signal import signal_of
from gliokit.phantom.study import with_factor


@dataclass(frozen=True, slots=True)
class HeadScan:
    """Renders the series of one visit, whose body has a head.

    Attributes
    ----------
    simulated : SimulatedVisit
        The visit.
    """

    simulated: SimulatedVisit

    @property
    def extent_mm(self) -> NDArray[np.float64]:
        """Lower and upper corner of the head in RAS+ mm, (2, 3)."""
        body = self.simulated.look.body
        inside = np.argwhere(body.tissues > 0)
        corners = np.array([inside.min(0), inside.max(0)])
        return np.sort(to_world(body.affine, corners), axis=0)

    def __call__(self, plan: SeriesPlan) -> NDArray[np.float32]:
        """Give the pixels of a series on its grid, (X, Y, Z)."""
        seed = self.simulated.person.patient.seed
        stream = [seed, 4, self.simulated.visit.number, plan.facts.number]
        rng = np.random.default_rng([*stream, plan.facts.first_instance])
        if isinstance(plan.sequence, Map):
            return self._map(plan.sequence, plan.grid)
        return self._image(plan, plan.sequence, rng)

    def _image(
        self, plan: SeriesPlan, sequence: MRSequence, rng: np.random.Generator
    ) -> NDArray[np.float32]:
        simulated = self.simulated
        drawn = draw_acquisition(rng)
        acquisition = replace(
            drawn,
            slice_axis=2,
            thickness_mm=plan.facts.thickness_mm,
            bias=simulated.session.acquisitions[sequence].bias,
            gamma=1.0,
        )
        scan = simulated.session.scan
        signal = signal_of(scan, plan.protocol, scan.gain[sequence])
        return acquire_on_grid(
            with_factor(simulated.lying, simulated.of_cells.get(sequence)),
            simulated.look.body.affine,
            plan.grid,
            signal,
            acquisition,
            rng,
        )

    def _map(self, kind: Map, grid: Grid) -> NDArray[np.float32]:
        tissue = map_tissue(self.simulated.person, self.simulated.look)
        volume = make_maps(tissue, [kind])[kind]
        to_body = np.linalg.inv(volume.affine) @ grid.affine
        there: NDArray[np.float32] = affine_transform(
            volume.array, to_body[:3, :3], to_body[:3, 3], output_shape=grid.shape, order=1
        )
        return there
