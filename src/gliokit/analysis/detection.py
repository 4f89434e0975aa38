"""From which volume on enhancing tumor would be found in a study, by its images and the model."""

import math

from gliokit.analysis.outline import Segmenter
from gliokit.core.findings import DetectionLimit, QualityCheck
from gliokit.core.geometry import spacing_mm
from gliokit.core.study import Study
from gliokit.core.vocabulary import MRSequence
from gliokit.measurement.detection_limit import detection_limit
from gliokit.preprocessing.quality.noise import CONTRAST_TO_NOISE
from gliokit.segmentation.calibration import Calibration
from gliokit.segmentation.default import DefaultSegmenter


def enhancement_limit(
    study: Study, quality: tuple[QualityCheck, ...], segmenter: Segmenter
) -> DetectionLimit | None:
    """State the detection limit of enhancing tumor in a study.

    Parameters
    ----------
    study : Study
        As it was read: the voxels of its T1c image count.
    quality : tuple of QualityCheck
        Checks of its images, for the noise.

    Returns
    -------
    DetectionLimit or None
        None without a T1c image: nothing is said of enhancement then.
    """
    if MRSequence.T1C not in study.images:
        return None
    # what was measured of the model holds for all four sequences
    measured = None if study.missing else _calibration(segmenter)
    return detection_limit(
        spacing_mm(study[MRSequence.T1C].affine),
        _contrast_to_noise(quality),
        model=measured.smallest_found if measured else None,
        blank=measured.blank if measured else None,
        asked=segmenter.model is not None,
    )


def _contrast_to_noise(quality: tuple[QualityCheck, ...]) -> float:
    for check in quality:
        if (check.code, check.sequence) == (CONTRAST_TO_NOISE.code, MRSequence.T1C):
            return check.figure.value if check.figure else math.nan
    return math.nan


def _calibration(segmenter: Segmenter) -> Calibration | None:
    return segmenter.calibration if isinstance(segmenter, DefaultSegmenter) else None
