"""Every reference value of IBSI-1 with consensus, one test each, and a core set that runs anywhere.

Rule: a value matches if it differs from the reference by no more than the tolerance and half a unit
of the last digit that is printed. References are printed to three significant digits at least
(zeros at the end are left out); many tolerances are 0. Values without consensus have no tolerance
and are not tested.

The whole set is read from the tables of the IBSI where they lie beside the project; the digital
phantom (5×4×4 voxels of 2 mm, 74 in the mask) and the core set are those of the manual.

Source: Zwanenburg et al., Radiology 2020;295:328-338, doi:10.1148/radiol.2020191145; IBSI reference
manual, arXiv:1612.07003, chapters 4 and 5.
"""

import csv
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from gliokit.core.image import Image
from gliokit.io.nifti import read_image
from gliokit.radiomics.aggregation import Aggregation, Dimension
from gliokit.radiomics.diagnostics import diagnose
from gliokit.radiomics.discretization import Binning, Discretization
from gliokit.radiomics.extract import extract
from gliokit.radiomics.normalization import IntensityScale, Normalization
from gliokit.radiomics.settings import (
    Interpolation,
    RadiomicsSettings,
    Resegmentation,
    Texture,
)

IBSI = Path(__file__).parents[3] / "shared" / "data" / "ibsi"
CT_PHANTOM = IBSI / "ibsi_1_ct_radiomics_phantom" / "nifti"
WITH_CONSENSUS = 2104

# a slice each; z, y and x from the outside in
LEVELS = """
14411 14611 41641 44641
14411 11611 11311 44611
14411 11111 11911 11611
14411 11111 11111 11611
"""
MASK = """
11111 11111 11111 11111
11111 11111 01111 11111
11100 11111 11011 11111
11100 11111 11111 11111
"""

AS_IT_IS = Normalization(IntensityScale.NONE)
NO_BINS = Discretization(Binning.NONE)
BY_SIZE = Discretization(Binning.SIZE, size=25.0)
BY_NUMBER = Discretization(Binning.NUMBER, bins=32)
SAME_GRID = Interpolation(spacing_mm=())
LINEAR_2_MM = Interpolation((2.0, 2.0, 2.0), order=1, whole_numbers=True)
BY_SLICE = Texture(tuple(Aggregation)[:4], (Dimension.SLICES, Dimension.MERGED_SLICES))
BY_VOLUME = Texture(tuple(Aggregation)[4:], (Dimension.VOLUME,))
DIGITAL = "digital phantom"
CONFIGURATIONS = {
    DIGITAL: RadiomicsSettings(
        normalization=AS_IT_IS,
        interpolation=SAME_GRID,
        discretization=NO_BINS,
        intensity_volume=NO_BINS,
        texture=Texture(tuple(Aggregation), tuple(Dimension)),
    ),
    "a": RadiomicsSettings(
        normalization=AS_IT_IS,
        interpolation=SAME_GRID,
        resegmentation=Resegmentation(-500, 400),
        discretization=BY_SIZE,
        intensity_volume=NO_BINS,
        texture=BY_SLICE,
    ),
    "b": RadiomicsSettings(
        normalization=AS_IT_IS,
        interpolation=Interpolation((2.0, 2.0), order=1, whole_numbers=True),
        resegmentation=Resegmentation(-500, 400),
        discretization=BY_NUMBER,
        intensity_volume=NO_BINS,
        texture=BY_SLICE,
    ),
    "c": RadiomicsSettings(
        normalization=AS_IT_IS,
        interpolation=LINEAR_2_MM,
        resegmentation=Resegmentation(-1000, 400),
        discretization=BY_SIZE,
        intensity_volume=Discretization(Binning.SIZE, size=2.5),
        texture=BY_VOLUME,
    ),
    "d": RadiomicsSettings(
        normalization=AS_IT_IS,
        interpolation=LINEAR_2_MM,
        resegmentation=Resegmentation(outlier_sd=3.0),
        discretization=BY_NUMBER,
        intensity_volume=NO_BINS,
        texture=BY_VOLUME,
    ),
    "e": RadiomicsSettings(
        normalization=AS_IT_IS,
        interpolation=Interpolation((2.0, 2.0, 2.0), order=3, whole_numbers=True),
        resegmentation=Resegmentation(-1000, 400, outlier_sd=3.0),
        discretization=BY_NUMBER,
        intensity_volume=Discretization(Binning.NUMBER, bins=1000),
        texture=BY_VOLUME,
    ),
}

# of the digital phantom: tag, value, tolerance; every family, every aggregation
CORE = """
morph_vol_approx 592 4
morph_volume 556 4
morph_area_mesh 388 3
morph_com 0.672 0.004
morph_diam 13.1 0.1
morph_pca_maj_axis 11.4 0.1
morph_vol_dens_conv_hull 0.961 0.006
morph_moran_i 0.0397 0.0003
morph_geary_c 0.974 0.006
loc_peak_loc 2.6 0
loc_peak_glob 3.1 0
stat_mean 2.15 0
stat_kurt -0.355 0
stat_rmad 1.11 0
stat_qcod 0.6 0
ih_mode 1 0
ih_entropy 1.27 0
ih_min_grad -50 0
ivh_v10 0.324 0
ivh_i90 2 0
ivh_diff_v10_v90 0.23 0
cm_joint_entr_2D_avg 2.05 0
cm_joint_entr_2D_comb 2.24 0
cm_joint_entr_2_5D_avg 2.48 0
cm_joint_entr_2_5D_comb 2.61 0
cm_joint_entr_3D_avg 2.4 0
cm_joint_entr_3D_comb 2.57 0
cm_inv_diff_norm_2D_avg 0.851 0
cm_inv_diff_norm_2D_comb 0.854 0
cm_inv_diff_norm_2_5D_avg 0.847 0
cm_inv_diff_norm_2_5D_comb 0.85 0
cm_inv_diff_norm_3D_avg 0.851 0
cm_inv_diff_norm_3D_comb 0.856 0
cm_info_corr1_2D_avg -0.155 0
cm_info_corr1_2D_comb -0.0341 0
cm_info_corr1_2_5D_avg -0.124 0
cm_info_corr1_2_5D_comb -0.0334 0
cm_info_corr1_3D_avg -0.157 0
cm_info_corr1_3D_comb -0.0288 0
rlm_sre_2D_avg 0.641 0
rlm_sre_2D_comb 0.661 0
rlm_sre_2_5D_avg 0.665 0
rlm_sre_2_5D_comb 0.68 0
rlm_sre_3D_avg 0.705 0
rlm_sre_3D_comb 0.729 0
rlm_glnu_2D_avg 5.2 0
rlm_glnu_2D_comb 20.5 0
rlm_glnu_2_5D_avg 19.5 0
rlm_glnu_2_5D_comb 77.1 0
rlm_glnu_3D_avg 21.8 0
rlm_glnu_3D_comb 281 0
szm_sze_2D 0.363 0
szm_sze_2_5D 0.368 0
szm_sze_3D 0.255 0
szm_zs_entr_2D 1.93 0
szm_zs_entr_2_5D 3.08 0
szm_zs_entr_3D 2.32 0
dzm_ldhge_2D 21.3 0
dzm_ldhge_2_5D 23.7 0
dzm_ldhge_3D 15.6 0
dzm_zd_entr_2D 1.73 0
dzm_zd_entr_2_5D 2 0
dzm_zd_entr_3D 1.92 0
ngt_coarseness_2D 0.121 0
ngt_coarseness_2_5D 0.0285 0
ngt_coarseness_3D 0.0296 0
ngt_busyness_2D 2.99 0
ngt_busyness_2_5D 6.8 0
ngt_busyness_3D 6.54 0
ngl_dcnu_2D 3.96 0
ngl_dcnu_2_5D 12.4 0
ngl_dcnu_3D 4.86 0
ngl_dc_entr_2D 2.71 0
ngl_dc_entr_2_5D 3.36 0
ngl_dc_entr_3D 4.4 0
"""


def table(configuration: str) -> Path:
    part = "dig_phantom" if configuration == DIGITAL else f"chest_config_{configuration}"
    return IBSI / "reference" / f"ibsi_1_{part}.csv"


def reference_values(configuration: str) -> list[tuple[str, str, str]]:
    """Read tag, value and tolerance of all values of a table, those without consensus too."""
    with table(configuration).open(newline="") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    return [(row["tag"], row["reference value"], row["tolerance"]) for row in rows]


def cases():
    for configuration in CONFIGURATIONS:
        if table(configuration).exists():
            for tag, value, tolerance in reference_values(configuration):
                if value and tolerance:
                    yield pytest.param(
                        configuration, tag, value, tolerance, id=f"{configuration}-{tag}"
                    )
        else:
            reason = f"needs the reference values in {table(configuration).parent}"
            yield pytest.param(
                configuration, "", "", "", id=configuration, marks=pytest.mark.skip(reason=reason)
            )


def drawn(text: str) -> np.ndarray:
    """Read levels (5, 4, 4) drawn as text."""
    slices = [[[int(level) for level in row] for row in part.split()] for part in text.split("\n")]
    return np.array([part for part in slices if part]).transpose(2, 1, 0)


def digital_phantom() -> tuple[Image, np.ndarray]:
    array = drawn(LEVELS).astype(np.float32)
    return Image(array, np.diag([2.0, 2.0, 2.0, 1.0]), source=DIGITAL), drawn(MASK) == 1


def ct_phantom() -> tuple[Image, np.ndarray]:
    mask = np.asarray(nib.load(CT_PHANTOM / "mask" / "mask.nii.gz").dataobj) > 0
    return read_image(CT_PHANTOM / "image" / "phantom.nii.gz"), mask


@pytest.fixture(scope="module")
def values() -> Callable[[str], dict[str, float]]:
    """Give a function from configuration to all values, which are computed once."""
    computed: dict[str, dict[str, float]] = {}

    def of(configuration: str) -> dict[str, float]:
        if configuration not in computed:
            settings = CONFIGURATIONS[configuration]
            image, mask = digital_phantom() if configuration == DIGITAL else ct_phantom()
            computed[configuration] = extract(image, mask, settings=settings)
            computed[configuration] |= diagnose(image, mask, settings=settings)
        return computed[configuration]

    return of


def allowed(reference: str, tolerance: str) -> float:
    """Add half a unit of the last printed digit to the tolerance."""
    printed = Decimal(reference)
    digits = max(3, len(printed.normalize().as_tuple().digits))
    last = Decimal(1).scaleb(printed.adjusted() - digits + 1)
    # what floating point adds when a value lies in the middle between two that could be printed
    return float(Decimal(tolerance) + last / 2) * (1 + 1e-9)


@pytest.mark.parametrize(("configuration", "tag", "reference", "tolerance"), list(cases()))
def test_value_is_the_reference_value(values, configuration, tag, reference, tolerance):
    value = values(configuration)[tag]
    assert abs(value - float(reference)) <= allowed(reference, tolerance), value


@pytest.mark.parametrize(
    ("tag", "reference", "tolerance"),
    [pytest.param(*line.split(), id=line.split()[0]) for line in CORE.strip().split("\n")],
)
def test_core_value_of_the_digital_phantom_is_the_reference_value(
    values, tag, reference, tolerance
):
    value = values(DIGITAL)[tag]
    assert abs(value - float(reference)) <= allowed(reference, tolerance), value


def test_every_value_with_consensus_has_a_test(shared_data):
    assert len(list(cases())) == WITH_CONSENSUS


@pytest.mark.parametrize("configuration", CONFIGURATIONS)
def test_features_come_in_the_order_of_the_table(shared_data, values, configuration):
    given = [tag for tag, _, _ in reference_values(configuration)]
    diagnostic = [tag for tag in given if tag.endswith(("_img", "_roi"))]
    expected = given[len(diagnostic) :] + diagnostic
    found = list(values(configuration))
    assert found[: len(expected)] == expected


def test_digital_phantom_is_the_published_one(shared_data):
    folder = shared_data / "ibsi" / "ibsi_1_digital_phantom" / "nifti"
    image, mask = digital_phantom()
    np.testing.assert_array_equal(
        image.array, nib.load(folder / "image" / "phantom.nii.gz").dataobj
    )
    np.testing.assert_array_equal(mask, nib.load(folder / "mask" / "mask.nii.gz").dataobj)


@pytest.mark.parametrize(
    ("reference", "tolerance", "expected"),
    [
        ("-266", "0", 0.5),
        ("0.3", "0", 0.0005),  # 0.300
        ("125256", "0", 0.5),
        ("358000", "5000", 5500),
        ("7.31E-05", "1.03E-05", 1.035e-5),
    ],
)
def test_rounding_of_the_reference_is_allowed_for(reference, tolerance, expected):
    assert allowed(reference, tolerance) == pytest.approx(expected)
