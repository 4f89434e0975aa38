"""Parameter files of pyradiomics: what becomes a setting, a note, or a refusal."""

import json

import pytest

from gliokit.core.errors import SettingsError
from gliokit.radiomics.aggregation import Aggregation, Dimension
from gliokit.radiomics.discretization import Binning, Discretization
from gliokit.radiomics.normalization import IntensityScale, Normalization
from gliokit.radiomics.pyradiomics_settings import read_pyradiomics
from gliokit.radiomics.settings import Family, Interpolation, Resegmentation

MR_FILE = """
# as for MR with slices of 3 mm
imageType:
  Original: {}
  LoG:
    sigma: [2.0, 4.0]
featureClass:
  shape:
  glcm:
    - Autocorrelation
    - JointAverage
setting:
  normalize: true
  normalizeScale: 100
  interpolator: sitkBSpline
  resampledPixelSpacing: [2, 2, 0]
  resegmentRange: [-3, 3]
  resegmentMode: sigma
  binWidth: 5
  voxelArrayShift: 300
  force2D: true
  label: 1
"""


def settings_of(**setting):
    return read_pyradiomics({"setting": setting})[0]


def noted(**setting):
    return {note.name for note in read_pyradiomics({"setting": setting})[1]}


def test_a_file_for_mr_becomes_settings_of_the_same_meaning():
    settings, _ = read_pyradiomics(MR_FILE)
    assert settings.families == (Family.MORPHOLOGY, Family.COOCCURRENCE)
    assert settings.normalization == Normalization(IntensityScale.BRAIN, scale=100, shift=300)
    assert settings.interpolation == Interpolation(spacing_mm=(2.0, 2.0), order=3)
    assert settings.resegmentation == Resegmentation(outlier_sd=3)
    assert settings.discretization == Discretization(Binning.SIZE, size=5)
    assert settings.texture.aggregations == (Aggregation.DIRECTIONS_AVERAGED,)
    assert settings.texture.dimensions == (Dimension.MERGED_SLICES,)


def test_each_difference_of_that_file_is_noted():
    names = {note.name for note in read_pyradiomics(MR_FILE)[1]}
    assert names == {
        "binWidth",
        "normalize",
        "voxelArrayShift",
        "resampledPixelSpacing",
        "resegmentRange",
        "imageType",
        "featureClass glcm",
        "feature",
    }


def test_a_note_says_what_was_found_and_what_is_done():
    _, notes = read_pyradiomics({"setting": {"binWidth": 10}, "featureClass": {"glszm": None}})
    assert [str(note) for note in notes] == [
        "binWidth: found 10.0; pyradiomics: bins begin at a multiple of the width; here: at the "
        "lower bound of the re-segmentation, else at the least intensity of the region"
    ]


def test_json_is_read_as_yaml_is():
    content = {"setting": {"binCount": 64}, "featureClass": {"shape": []}}
    assert read_pyradiomics(json.dumps(content)) == read_pyradiomics(content)


def test_an_empty_file_means_their_defaults_not_ours():
    settings, _ = read_pyradiomics("")
    assert settings.normalization.relative_to is IntensityScale.NONE
    assert settings.interpolation.spacing_mm == ()
    assert settings.resegmentation == Resegmentation()
    assert settings.discretization == Discretization(Binning.SIZE, size=25)
    assert Family.DISTANCE_ZONE not in settings.families
    assert Family.DEPENDENCE in settings.families


def test_a_number_of_bins_wins_over_their_width():
    settings = settings_of(binCount=16, binWidth=5)
    assert settings.discretization == Discretization(Binning.NUMBER, bins=16)


def test_a_setting_of_the_original_image_wins_over_the_common_one():
    settings, _ = read_pyradiomics(
        {"setting": {"binWidth": 5}, "imageType": {"Original": {"binWidth": 7}}}
    )
    assert settings.discretization.size == 7


@pytest.mark.parametrize(
    ("force_2d", "norm", "expected"),
    [
        (False, None, Aggregation.VOLUME_AVERAGED),
        (False, "no_weighting", Aggregation.VOLUME_COMBINED),
        (True, None, Aggregation.DIRECTIONS_AVERAGED),
        (True, "no_weighting", Aggregation.ALL_COMBINED),
    ],
)
def test_directions_are_merged_as_they_do(force_2d, norm, expected):
    texture = settings_of(force2D=force_2d, weightingNorm=norm).texture
    assert texture.aggregations == (expected,)


def test_one_bound_of_the_range_leaves_the_other_side_open():
    assert settings_of(resegmentRange=[10]).resegmentation == Resegmentation(lower=10)


@pytest.mark.parametrize(("interpolator", "order"), [("sitkLinear", 1), (2, 1), (3, 3)])
def test_interpolators_by_name_and_number(interpolator, order):
    settings = settings_of(resampledPixelSpacing=[1, 1, 1], interpolator=interpolator)
    assert settings.interpolation.order == order


@pytest.mark.parametrize(
    "setting",
    [
        {"resampledPixelSpacing": [1, 1, 1], "interpolator": "sitkNearestNeighbor"},
        {"resampledPixelSpacing": [0, 1, 1]},
        {"resampledPixelSpacing": [1, 1]},
        {"resegmentRange": [-2, 3], "resegmentMode": "sigma"},
        {"resegmentRange": [0.1, 0.9], "resegmentMode": "relative"},
        {"force2D": True, "force2Ddimension": 1},
        {"distances": [1, 2]},
        {"weightingNorm": "euclidean"},
        {"symmetricalGLCM": False},
        {"voxelArrayShift": 300},
    ],
    ids=lambda setting: "-".join(setting),
)
def test_what_has_no_counterpart_is_refused(setting):
    with pytest.raises(SettingsError, match="which has no counterpart here; needed"):
        read_pyradiomics({"setting": setting})


@pytest.mark.parametrize(
    "setting",
    [
        {"interpolator": "sitkNearestNeighbor"},
        {"resegmentMode": "relative"},
        {"force2Ddimension": 2},
        {"removeOutliers": 3},
        {"padDistance": 10, "preCrop": True, "additionalInfo": False},
    ],
    ids=lambda setting: "-".join(setting),
)
def test_what_is_not_in_play_changes_nothing(setting):
    assert read_pyradiomics({"setting": setting}) == read_pyradiomics({})


@pytest.mark.parametrize(
    ("setting", "name"),
    [
        ({"normalize": True, "removeOutliers": 3}, "removeOutliers"),
        ({"label": 4}, "label"),
        ({"correctMask": True}, "correctMask"),
        ({"resegmentRange": [0, 9], "resegmentShape": True}, "resegmentShape"),
        ({"minimumROISize": 50}, "minimumROISize"),
    ],
)
def test_what_is_done_otherwise_is_noted(setting, name):
    assert name in noted(**setting)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"setting": {"binwidth": 5}}, "unknown settings binwidth"),
        ({"setting": {"binWidth": "wide"}}, "setting binWidth: found 'wide'; needed float"),
        ({"settings": {}}, "found the sections settings; needed are setting"),
        ({"voxelSetting": {"kernelRadius": 2}}, "maps of features by voxel"),
        ({"featureClass": {"gldzm": None}}, "featureClass: found gldzm; known are shape"),
        ({"imageType": {"log": {}}}, "imageType: found log; known are Original, LoG"),
        ({"imageType": {"Wavelet": {}}}, "imageType: found Wavelet; needed Original"),
        ({"setting": [5]}, r"setting: found \[5\]; needed names with values"),
        ("setting: [", "found text that is no YAML"),
        ("binWidth", "found 'binWidth'; needed names with values"),
    ],
)
def test_what_is_no_parameter_file_is_refused(content, message):
    with pytest.raises(SettingsError, match=message):
        read_pyradiomics(content)
