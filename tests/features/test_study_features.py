"""A study as a row: names, absence, and what does not depend on how it is computed."""

from dataclasses import replace

import numpy as np
import pytest

from gliokit.core.errors import GeometryError
from gliokit.core.image import Image, LabelMap
from gliokit.core.vocabulary import MRSequence
from gliokit.features.definitions import definition_of
from gliokit.features.image_features import describe_image
from gliokit.features.study_features import SHAPE, LeftOut, describe_study, part_mask
from gliokit.features.study_settings import Part, study_settings
from gliokit.radiomics.extract import extract
from gliokit.radiomics.location import Anatomy

NATIVE = {"radiomics": {"interpolation": {"spacing_mm": []}}}
SETTINGS = study_settings(NATIVE)


def brain_of(study):
    return study.reference.array > 0


def described(study, labels, settings=SETTINGS):
    anatomy = Anatomy(study.reference.affine, brain_of(study))
    return describe_study(study, labels, settings=settings, anatomy=anatomy)


@pytest.fixture
def row(textured_study, textured_labels):
    return described(textured_study, textured_labels)


def test_every_part_has_features_in_every_image(row):
    for part in ("ET", "ED", "TC", "WT"):
        for sequence in MRSequence:
            assert np.isfinite(row.values[f"{part}_{sequence}_stat_mean"])


def test_shape_belongs_to_a_part_and_to_no_image(row):
    assert np.isfinite(row.values["ET_morph_volume"])
    assert not [name for name in row.values if "t1c" in name and name.split("_t1c_")[1] in SHAPE]


def test_an_absent_part_has_no_numbers_and_the_row_says_so(row):
    assert not [name for name in row.values if name.startswith("NET_")]
    assert LeftOut("NET", "", "the tumor has no such part") in row.left_out


def test_a_missing_sequence_is_said(textured_study, textured_labels):
    images = {s: i for s, i in textured_study.images.items() if s is not MRSequence.T2}
    row = described(replace(textured_study, images=images), textured_labels)
    assert LeftOut("", "t2", "the study lacks it") in row.left_out
    assert not [name for name in row.values if "_t2_" in name]


def test_an_empty_label_map_gives_volumes_of_zero_alone(textured_study, textured_labels):
    empty = replace(textured_labels, array=np.zeros_like(textured_labels.array))
    row = described(textured_study, empty)
    assert row.values["volume_wt"] == 0
    assert [name for name in row.values if name.startswith("WT_")] == ["WT_lesions"]


def test_the_numbers_are_those_of_the_region_alone(row, textured_study, textured_labels):
    mask = part_mask(textured_labels.array, Part.EDEMA)
    alone = extract(
        textured_study[MRSequence.FLAIR],
        mask,
        settings=SETTINGS.radiomics,
        brain=brain_of(textured_study),
    )
    for name in ("stat_mean", "cm_contrast_3D_avg", "szm_zs_entr_3D", "loc_peak_glob"):
        assert row.values[f"ED_flair_{name}"] == pytest.approx(alone[name], rel=1e-9)


def test_a_filter_gives_each_region_what_it_gives_that_region_alone(
    textured_study, textured_labels
):
    filters = [{"filter": "laplacian_of_gaussian", "name": "log", "sigma_mm": 5.0}]
    settings = study_settings({**NATIVE, "filters": filters})
    masks = {part: part_mask(textured_labels.array, part) for part in (Part.ENHANCING, Part.WHOLE)}
    image, brain = textured_study[MRSequence.T1], brain_of(textured_study)
    both = describe_image(image, masks, settings=settings, brain=brain)
    one = {Part.ENHANCING: masks[Part.ENHANCING]}
    alone = describe_image(image, one, settings=settings, brain=brain)
    names = [name for name in alone[Part.ENHANCING].features if name.startswith(("log_", "dog_"))]
    assert len(names) == 18 + 56
    for name in names:
        together = both[Part.ENHANCING].features[name]
        assert together == pytest.approx(alone[Part.ENHANCING].features[name], rel=1e-3, abs=1e-2)


def test_every_name_has_a_definition_with_a_unit(row):
    for name in row.values:
        definition = definition_of(name)
        assert definition is not None, name
        assert definition.unit


def test_labels_of_another_grid_are_refused(textured_study, textured_labels):
    moved = textured_labels.affine.copy()
    moved[0, 3] += 4
    with pytest.raises(GeometryError, match="grids of its images and of its labels differ"):
        described(textured_study, LabelMap(textured_labels.array, moved))


def test_a_flat_image_is_left_out_with_the_reason(textured_study, textured_labels):
    t1 = textured_study[MRSequence.T1]
    flat = Image(np.where(t1.array > 0, np.float32(7), 0).astype(np.float32), t1.affine, "t1.nii")
    images = {**textured_study.images, MRSequence.T1: flat}
    row = described(replace(textured_study, images=images), textured_labels)
    (reason,) = [one.reason for one in row.left_out if one.image == "t1"]
    assert "the brain has the value 7 everywhere" in reason
    assert not [name for name in row.values if "_t1_" in name]


def test_a_part_that_vanishes_on_the_grid_is_left_out_with_the_reason(
    textured_study, textured_labels
):
    labels = textured_labels.array.copy()
    labels[labels == 3] = 2
    labels[12, 22, 18] = 3  # one voxel of 4 mm, on a grid of 11 mm
    coarse = study_settings({"radiomics": {"interpolation": {"spacing_mm": [11.0, 11.0, 11.0]}}})
    row = described(textured_study, replace(textured_labels, array=labels), coarse)
    reasons = {one.reason for one in row.left_out if one.part == "ET"}
    assert all("nothing is left of 1 voxels" in reason for reason in reasons)
    assert len(reasons) == 4
    assert np.isfinite(row.values["WT_t1_stat_mean"])


def test_a_map_that_shows_half_of_a_part_describes_that_half_and_says_so(
    textured_study, textured_labels
):
    array = np.full(textured_labels.array.shape, 900, dtype=np.float32)
    array += np.random.default_rng(0).normal(0, 10, array.shape).astype(np.float32)
    array[13:] = np.nan
    maps = {"adc": Image(array, textured_labels.affine)}
    anatomy = Anatomy(textured_study.reference.affine, brain_of(textured_study))
    row = describe_study(
        textured_study, textured_labels, settings=SETTINGS, anatomy=anatomy, maps=maps
    )
    assert row.values["WT_adc_stat_mean"] == pytest.approx(900, abs=3)
    (said,) = [one.reason for one in row.left_out if one.part == "WT" and one.image == "adc"]
    assert said.startswith("only 5")
    assert said.endswith("of it is shown there; described")


def test_a_map_that_shows_little_of_a_part_is_left_out(textured_study, textured_labels):
    array = np.full(textured_labels.array.shape, np.nan, dtype=np.float32)
    array[:8] = 900
    maps = {"adc": Image(array, textured_labels.affine)}
    anatomy = Anatomy(textured_study.reference.affine, brain_of(textured_study))
    row = describe_study(
        textured_study, textured_labels, settings=SETTINGS, anatomy=anatomy, maps=maps
    )
    assert not [name for name in row.values if "_adc_" in name]
    assert any("not described" in one.reason for one in row.left_out)


def test_lesions_are_counted_and_sized(row):
    assert row.values["ET_lesions"] == 1
    # a ball of 3 voxels of 4 mm to each side of its center
    assert row.values["ET_longest_diameter_mm"] == pytest.approx(28, abs=3)
    assert row.values["WT_sum_of_products_mm2"] > row.values["ET_sum_of_products_mm2"]
