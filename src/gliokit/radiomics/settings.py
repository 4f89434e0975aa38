"""How features are computed: every choice that changes a value, with a default for MR of glioma.

The defaults: z-scores of the brain, since MR has no unit; 1 mm isotropic, as most glioma cohorts
come (BraTS), by cubic splines; no re-segmentation, since necrosis and enhancement are both
the tumor; 32 levels between least and greatest, which take the scale of intensities out of texture;
matrices in three dimensions, one each direction.

Source: Carré et al., Sci Rep 2020;10:12340, doi:10.1038/s41598-020-69298-z (z-scores, 32 levels);
IBSI reference manual, arXiv:1612.07003, section 2.7 (1000 bins of the intensity-volume histogram
where units are arbitrary).
"""

from dataclasses import dataclass, field
from enum import StrEnum
from math import inf

from gliokit.core.errors import SettingsError
from gliokit.radiomics.aggregation import Aggregation, Dimension
from gliokit.radiomics.discretization import Binning, Discretization
from gliokit.radiomics.normalization import Normalization

IVH_BINS = 1000  # for arbitrary units


class Family(StrEnum):
    """Families of features, in the order of the IBSI manual."""

    MORPHOLOGY = "morphology"
    LOCAL_INTENSITY = "local_intensity"
    STATISTICS = "statistics"
    HISTOGRAM = "histogram"
    INTENSITY_VOLUME = "intensity_volume"
    COOCCURRENCE = "cooccurrence"
    RUN_LENGTH = "run_length"
    SIZE_ZONE = "size_zone"
    DISTANCE_ZONE = "distance_zone"
    GRAY_TONE_DIFFERENCE = "gray_tone_difference"
    DEPENDENCE = "dependence"


@dataclass(frozen=True, slots=True)
class Interpolation:
    """On which grid features are computed.

    Attributes
    ----------
    spacing_mm : tuple of float
        Along the three axes; two numbers: within slices only, the third axis is left as it is;
        empty: the grid of the image.
    order : int
        Of the spline for the image: 1 linear, 3 cubic.
    mask_threshold : float
        Share from which a voxel belongs to the region, after linear interpolation.
    whole_numbers : bool
        Whether intensities are rounded then, as Hounsfield units are.
    """

    spacing_mm: tuple[float, ...] = (1.0, 1.0, 1.0)
    order: int = 3
    mask_threshold: float = 0.5
    whole_numbers: bool = False


@dataclass(frozen=True, slots=True)
class Resegmentation:
    """Which voxels of the region count for intensities, all by default; after normalization.

    Attributes
    ----------
    lower, upper : float, optional
        Bounds of the range; both belong to it.
    outlier_sd : float, optional
        Standard deviations from the mean beyond which a voxel is an outlier.
    """

    lower: float | None = None
    upper: float | None = None
    outlier_sd: float | None = None


@dataclass(frozen=True, slots=True)
class Texture:
    """How texture matrices are made and become values.

    Attributes
    ----------
    aggregations : tuple of Aggregation
        Of matrices with directions.
    dimensions : tuple of Dimension
        Of matrices without.
    cooccurrence_distance : int
        Chebyshev distance of co-occurring voxels.
    dependence_distance : int
        Chebyshev distance up to which voxels are neighbors, for dependence.
    dependence_coarseness : int
        Difference of levels up to which a neighbor depends.
    """

    aggregations: tuple[Aggregation, ...] = (Aggregation.VOLUME_AVERAGED,)
    dimensions: tuple[Dimension, ...] = (Dimension.VOLUME,)
    cooccurrence_distance: int = 1
    dependence_distance: int = 1
    dependence_coarseness: int = 0


@dataclass(frozen=True, slots=True)
class RadiomicsSettings:
    """Every choice that changes a value.

    Attributes
    ----------
    families : tuple of Family
        What is computed.
    normalization : Normalization
        Of intensities, first.
    interpolation : Interpolation
        Grid.
    resegmentation : Resegmentation
        Intensity mask.
    discretization : Discretization
        Levels of histogram and texture.
    intensity_volume : Discretization
        Levels of the intensity-volume histogram.
    texture : Texture
        Matrices.
    """

    families: tuple[Family, ...] = tuple(Family)
    normalization: Normalization = field(default_factory=Normalization)
    interpolation: Interpolation = field(default_factory=Interpolation)
    resegmentation: Resegmentation = field(default_factory=Resegmentation)
    discretization: Discretization = field(default_factory=Discretization)
    intensity_volume: Discretization = field(
        default_factory=lambda: Discretization(Binning.NUMBER, bins=IVH_BINS)
    )
    texture: Texture = field(default_factory=Texture)


MR_GLIOMA = RadiomicsSettings()


def check_settings(settings: RadiomicsSettings) -> None:
    """Refuse settings that mean nothing.

    Raises
    ------
    SettingsError
        Naming the setting, what was found and what is needed.
    """
    grid, kept, texture = settings.interpolation, settings.resegmentation, settings.texture
    usable = len(grid.spacing_mm) in (0, 2, 3) and all(0 < mm < inf for mm in grid.spacing_mm)
    scale = settings.normalization.scale
    distances = (texture.cooccurrence_distance, texture.dependence_distance)
    for met, name, found, needed in (
        (usable, "interpolation.spacing_mm", grid.spacing_mm, "no, two or three distances above 0"),
        (grid.order in range(6), "interpolation.order", grid.order, "0 to 5"),
        (
            0 < grid.mask_threshold <= 1,
            "interpolation.mask_threshold",
            grid.mask_threshold,
            "a share above 0 and at most 1",
        ),
        (
            kept.lower is None or kept.upper is None or kept.lower <= kept.upper,
            "resegmentation",
            f"lower {kept.lower} and upper {kept.upper}",
            "lower below upper",
        ),
        (
            kept.outlier_sd is None or kept.outlier_sd > 0,
            "resegmentation.outlier_sd",
            kept.outlier_sd,
            "a number above 0",
        ),
        (0 < scale < inf, "normalization.scale", scale, "a number above 0"),
        (
            abs(settings.normalization.shift) < inf,
            "normalization.shift",
            settings.normalization.shift,
            "a number",
        ),
        (min(distances) >= 1, "texture distances", distances, "whole numbers from 1"),
        (
            texture.dependence_coarseness >= 0,
            "texture.dependence_coarseness",
            texture.dependence_coarseness,
            "a whole number from 0",
        ),
    ):
        if not met:
            raise SettingsError(f"{name}: found {found}; needed {needed}")
