"""What the parameters of pyradiomics mean, and where that is something else here.

Tables of settings with another meaning, of settings that are refused, of filtered images and of
features that differ. `pyradiomics_settings` reads files by them.

Source: van Griethuysen et al., Cancer Res 2017;77:e104-e107, doi:10.1158/0008-5472.CAN-17-0339;
names, defaults and meaning are those of pyradiomics 3.0.1.
"""
# ruff: noqa: N815  # the names are those of the files

from collections.abc import Callable, Mapping
from dataclasses import dataclass

SPLINE_ORDERS: Mapping[str | int, int] = {
    "sitkLinear": 1,
    "sitkBSpline": 3,
    2: 1,  # SimpleITK's numbers of the two
    3: 3,
}


@dataclass(frozen=True, slots=True)
class Parameters:
    """The section `setting` of a file, by the names and with the defaults of pyradiomics."""

    binWidth: float = 25.0
    binCount: int | None = None
    normalize: bool = False
    normalizeScale: float = 1.0
    removeOutliers: float | None = None
    resampledPixelSpacing: tuple[float, ...] | None = None
    interpolator: str | int = "sitkBSpline"
    padDistance: int = 5
    preCrop: bool = False
    resegmentRange: tuple[float, ...] | None = None
    resegmentMode: str = "absolute"
    resegmentShape: bool = False
    label: int = 1
    label_channel: int = 0
    correctMask: bool = False
    geometryTolerance: float | None = None
    minimumROIDimensions: int = 2
    minimumROISize: int | None = None
    additionalInfo: bool = True
    force2D: bool = False
    force2Ddimension: int = 0
    distances: tuple[int, ...] = (1,)
    weightingNorm: str | None = None
    symmetricalGLCM: bool = True
    gldm_a: int = 0
    voxelArrayShift: int = 0
    sigma: tuple[float, ...] = ()
    start_level: int = 0
    level: int = 1
    wavelet: str = "coif1"
    gradientUseSpacing: bool = True
    lbp2DRadius: float = 1.0
    lbp2DSamples: int = 8
    lbp2DMethod: str = "uniform"
    lbp3DLevels: int = 2
    lbp3DIcosphereRadius: float = 1.0
    lbp3DIcosphereSubdivision: int = 1

    @property
    def resampled(self) -> bool:
        """Whether another spacing is asked for, along any axis."""
        return any(self.resampledPixelSpacing or ())


@dataclass(frozen=True, slots=True)
class Difference:
    """A setting that means something else here, or nothing.

    Attributes
    ----------
    name : str
        As in the file.
    theirs, ours : str
        What pyradiomics does, and what is done here.
    applies : callable
        Whether the parameters bring it into play.
    """

    name: str
    theirs: str
    ours: str
    applies: Callable[[Parameters], bool]


def _spacing_is_known(spacing: tuple[float, ...]) -> bool:
    return len(spacing) == 3 and min(spacing[:2]) > 0 and spacing[2] >= 0


def _range_is_known(given: Parameters) -> bool:
    bounds = sorted(given.resegmentRange or ())
    if given.resegmentMode == "sigma":
        return len(bounds) == 2 and bounds[0] == -bounds[1]
    return len(bounds) in (1, 2)


def _not_default(name: str) -> Callable[[Parameters], bool]:
    return lambda given: getattr(given, name) != getattr(Parameters(), name)


DIFFERENCES = (
    Difference(
        "binWidth",
        "bins begin at a multiple of the width",
        "at the lower bound of the re-segmentation, else at the least intensity of the region",
        lambda given: given.binCount is None,
    ),
    Difference(
        "normalize",
        "z-scores of the whole image with its background",
        "z-scores of the brain",
        lambda given: given.normalize,
    ),
    Difference(
        "removeOutliers",
        "z-scores beyond it are set to it",
        "they stay as they are",
        lambda given: given.normalize and given.removeOutliers is not None,
    ),
    Difference(
        "voxelArrayShift",
        "added in energy, total energy and root mean square only",
        "added to all intensities, so that mean and percentiles are higher by it too",
        lambda given: given.normalize and given.voxelArrayShift != 0,
    ),
    Difference(
        "resampledPixelSpacing",
        "grids are aligned by their corners; the mask is taken from the nearest voxel",
        "grids are aligned by their centers; the mask is interpolated linearly and cut at half",
        lambda given: given.resampled,
    ),
    Difference(
        "resegmentRange",
        "shape is cut off at the box around the voxels in the range",
        "shape is that of the whole region",
        lambda given: given.resegmentRange is not None and not given.resegmentShape,
    ),
    Difference(
        "resegmentShape",
        "shape is that of the re-segmented region",
        "shape is that of the whole region",
        lambda given: given.resegmentShape and given.resegmentRange is not None,
    ),
    Difference(
        "label",
        "the mask's voxels of this value",
        "the mask that is handed over says what the region is",
        _not_default("label"),
    ),
    Difference(
        "label_channel",
        "the mask's channel of this number",
        "a mask has one channel",
        _not_default("label_channel"),
    ),
    Difference(
        "correctMask",
        "a mask on another grid is resampled",
        "it is refused",
        _not_default("correctMask"),
    ),
    Difference(
        "geometryTolerance",
        "how far the grids of image and mask may differ",
        "rounding of headers only",
        _not_default("geometryTolerance"),
    ),
    Difference(
        "minimumROIDimensions",
        "regions of fewer dimensions are refused",
        "features that have no value in a small region are nan",
        _not_default("minimumROIDimensions"),
    ),
    Difference(
        "minimumROISize",
        "regions of at most so many voxels are refused",
        "features that have no value in a small region are nan",
        _not_default("minimumROISize"),
    ),
)

# (name, what is needed, when it is not met)
REFUSED: tuple[tuple[str, str, Callable[[Parameters], bool]], ...] = (
    (
        "interpolator",
        "sitkLinear or sitkBSpline",
        lambda given: given.resampled and given.interpolator not in SPLINE_ORDERS,
    ),
    (
        "resampledPixelSpacing",
        "three distances, of which the third only may be 0 (left as it is)",
        lambda given: given.resampled and not _spacing_is_known(given.resampledPixelSpacing or ()),
    ),
    (
        "resegmentRange",
        "one or two bounds; with resegmentMode sigma the same distance to both sides",
        lambda given: given.resegmentRange is not None and not _range_is_known(given),
    ),
    (
        "resegmentMode",
        "absolute or sigma",
        lambda given: (
            given.resegmentRange is not None and given.resegmentMode not in ("absolute", "sigma")
        ),
    ),
    (
        "force2Ddimension",
        "0: slices lie along the third axis",
        lambda given: given.force2D and given.force2Ddimension != 0,
    ),
    (
        "distances",
        "[1]: farther neighbors are others than those of IBSI",
        lambda given: given.distances != (1,),
    ),
    (
        "weightingNorm",
        "none (each direction by itself) or no_weighting (all merged)",
        lambda given: given.weightingNorm not in (None, "no_weighting"),
    ),
    ("symmetricalGLCM", "true, as in IBSI", lambda given: not given.symmetricalGLCM),
    (
        "voxelArrayShift",
        "0, or normalize: true",
        lambda given: given.voxelArrayShift != 0 and not given.normalize,
    ),
)

_NO_SUCH_FILTER = "left out: there is no such filter"
# image type: what pyradiomics computes, and what is done here
IMAGE_TYPES: Mapping[str, tuple[str, str]] = {
    "LoG": (
        "Laplacian of Gaussian times the squared width, by recursive filters",
        "left out; the filter laplacian_of_gaussian gives it without the squared width",
    ),
    "Wavelet": (
        "every band by itself, at the given orientation, the image repeated beyond its border",
        "left out; the filter wavelet gives one band, at all orientations if asked for",
    ),
    "Square": ("squared intensities, in their old range", _NO_SUCH_FILTER),
    "SquareRoot": ("square roots of intensities, in their old range", _NO_SUCH_FILTER),
    "Logarithm": ("logarithms of intensities, in their old range", _NO_SUCH_FILTER),
    "Exponential": ("exponentials of intensities, in their old range", _NO_SUCH_FILTER),
    "Gradient": ("magnitude of the gradient", _NO_SUCH_FILTER),
    "LBP2D": ("local binary patterns of slices", _NO_SUCH_FILTER),
    "LBP3D": ("local binary patterns in spherical harmonics", _NO_SUCH_FILTER),
}

# class, or class and feature
FEATURE_DIFFERENCES: Mapping[str, str] = {
    "shape": "the mesh is another where the surface is ambiguous (volume and area differ by about "
    "0.1 %); the covariance of the axes divides by the number of voxels less one",
    "firstorder_Kurtosis": "less 3 here, so that a normal distribution has 0",
    "firstorder_TotalEnergy": "not computed: not in IBSI; energy times the volume of a voxel",
    "shape_Maximum2DDiameterColumn": "not computed: not in IBSI",
    "shape_Maximum2DDiameterRow": "not computed: not in IBSI",
    "shape_Maximum2DDiameterSlice": "not computed: not in IBSI",
    "glcm_MCC": "not computed: not in IBSI",
    "ngtdm": "voxels without a neighbor do not count, as IBSI has it",
}
