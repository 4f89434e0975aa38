"""The shipped model: on simulated and real studies, and under changes that must not matter."""

from dataclasses import replace

import numpy as np
import pytest

from gliokit.bundles.bundle import shipped_bundles
from gliokit.core.errors import BundleError, GeometryError, NotAssessableError
from gliokit.core.image import Image, region_mask
from gliokit.core.study import Study
from gliokit.core.vocabulary import Label, MRSequence, Region
from gliokit.evaluation.overlap import dice
from gliokit.io.layouts import find_labels, read_study
from gliokit.io.nifti import read_image, read_label_map
from gliokit.phantom.study import SimulatedStudy, simulate_study
from gliokit.segmentation.default import DefaultSegmenter, Segmentation, load_segmenter

pytestmark = pytest.mark.xdist_group("default")  # what is set up once serves all of them

SEED = 0  # the simulated patient that `gliokit demo` shows


@pytest.fixture(scope="module")
def segmenter() -> DefaultSegmenter:
    return load_segmenter(threads=2)


@pytest.fixture(scope="module")
def simulated() -> SimulatedStudy:
    return simulate_study(SEED)


@pytest.fixture(scope="module")
def segmentation(segmenter, simulated) -> Segmentation:
    return segmenter.predict(simulated.study)


def changed(study: Study, change) -> Study:
    return replace(study, images={s: change(image) for s, image in study.images.items()})


def whole_tumor(labels: np.ndarray) -> np.ndarray:
    return region_mask(labels, Region.WHOLE_TUMOR)


@pytest.mark.parametrize(("threads", "ahead"), [(1, []), (2, ["coarse"])])
def test_threads_are_kept_to_and_a_second_one_compiles_ahead(threads, ahead):
    segmenter = load_segmenter(threads=threads)
    assert segmenter.threads == threads
    assert list(segmenter._session._ahead) == ahead


def test_a_simulated_tumor_is_found(segmentation, simulated):
    found, truth = whole_tumor(segmentation.labels.array), whole_tumor(simulated.labels.array)
    assert dice(truth, found) > 0.7


def test_labels_lie_on_the_grid_of_the_input(segmentation, simulated):
    assert simulated.study.reference.grid.difference(segmentation.labels.grid) is None


def test_nothing_is_labelled_outside_the_brain(segmentation):
    assert not segmentation.labels.array[~segmentation.brain].any()


def test_a_preoperative_study_has_no_cavity(segmentation):
    assert not np.any(segmentation.labels.array == Label.CAVITY)


def test_where_no_surgery_is_told_no_cavity_is_likely_either(segmentation):
    assert segmentation.probabilities.of(Region.RESECTION_CAVITY).max() < 1e-6


def test_storage_orientation_does_not_matter(segmenter, segmentation, simulated):
    def stored_otherwise(image: Image) -> Image:
        flip = np.eye(4)
        flip[0, 0], flip[0, 3] = -1, image.array.shape[0] - 1
        turn = np.eye(4)[:, [2, 0, 1, 3]]
        array = np.ascontiguousarray(image.array[::-1].transpose(2, 0, 1))
        return replace(image, array=array, affine=image.affine @ flip @ turn)

    other = segmenter.predict(changed(simulated.study, stored_otherwise)).labels.array
    assert np.array_equal(other.transpose(1, 2, 0)[::-1], segmentation.labels.array)


def test_gain_and_offset_of_the_scanner_hardly_matter(segmenter, segmentation, simulated):
    other = segmenter.predict(
        changed(
            simulated.study,
            lambda i: replace(i, array=np.where(i.array > 0, 3 * i.array + 100, i.array)),
        )
    )
    ours, theirs = whole_tumor(segmentation.labels.array), whole_tumor(other.labels.array)
    assert dice(ours, theirs) > 0.99


def test_a_mirrored_brain_gives_the_mirrored_tumor(segmenter, segmentation, simulated):
    other = segmenter.predict(changed(simulated.study, lambda i: replace(i, array=i.array[::-1])))
    ours, theirs = whole_tumor(segmentation.labels.array), whole_tumor(other.labels.array)
    assert dice(ours, theirs[::-1]) >= 0.97


def test_slices_of_5_mm_cost_less_than_5_hundredths_of_the_whole_tumor(
    segmenter, segmentation, simulated
):
    def in_slices(image: Image) -> Image:
        n = image.array.shape[2] // 5 * 5
        array = image.array[..., :n].reshape(*image.array.shape[:2], -1, 5).mean(axis=-1)
        affine = image.affine @ np.diag([1.0, 1.0, 5.0, 1.0])
        affine[2, 3] += 2 * image.affine[2, 2]  # the middle of the first five
        return replace(image, array=array, affine=affine)

    truth = whole_tumor(simulated.labels.array)
    whole = segmenter.predict(changed(simulated.study, in_slices)).labels.array
    found = np.repeat(whole_tumor(whole), 5, axis=2)
    at_5_mm = dice(truth[..., : found.shape[2]], found)
    assert at_5_mm > dice(truth, whole_tumor(segmentation.labels.array)) - 0.05


@pytest.mark.parametrize(
    ("named", "is_really"),
    [(MRSequence.FLAIR, MRSequence.T1), (MRSequence.FLAIR, MRSequence.T2)],
)
def test_a_sequence_under_another_name_is_noticed(segmenter, simulated, named, is_really):
    images = {**simulated.study.images}
    images[named], images[is_really] = images[is_really], images[named]
    said = said_of(segmenter, replace(simulated.study, images=images))
    assert f"given as {named}" in said


def said_of(segmenter: DefaultSegmenter, study: Study) -> str:
    """Give what a study is refused with, or what its result warns of."""
    try:
        return " ".join(notice.text for notice in segmenter.predict(study).notices)
    except NotAssessableError as error:
        return str(error)


@pytest.mark.parametrize("seed", [1, 2, 5])
def test_what_is_seen_in_a_healthy_brain_is_left_out_or_doubted(segmenter, seed):
    segmentation = segmenter.predict(simulate_study(seed, healthy=True).study)
    doubted = "tumor-unsure" in {notice.code for notice in segmentation.notices}
    assert doubted or not segmentation.labels.array.any()


def test_the_bundles_are_small_enough_for_a_wheel():
    folder = shipped_bundles()["default"].parent
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    assert size <= 15e6


def test_the_same_study_gives_the_same_bytes(segmenter, segmentation, simulated):
    again = segmenter.predict(simulated.study).labels.array
    assert again.tobytes() == segmentation.labels.array.tobytes()


@pytest.mark.parametrize("kept", [MRSequence.FLAIR, MRSequence.T2])
def test_one_fluid_sensitive_sequence_is_enough_to_find_it(segmenter, simulated, kept):
    alone = replace(simulated.study, images={kept: simulated.study[kept]})
    found = segmenter.predict(alone).labels.array
    assert dice(whole_tumor(simulated.labels.array), whole_tumor(found)) > 0.5


def test_a_study_without_flair_and_t2_is_refused_not_called_free_of_tumor(segmenter, simulated):
    kept = (MRSequence.T1, MRSequence.T1C)
    alone = replace(simulated.study, images={s: simulated.study[s] for s in kept})
    with pytest.raises(NotAssessableError, match="has neither flair nor t2, only t1, t1c"):
        segmenter.predict(alone)


def test_images_on_different_grids_are_refused(segmenter, simulated):
    moved = simulated.study[MRSequence.T1]
    affine = moved.affine.copy()
    affine[0, 3] += 5
    images = {**simulated.study.images, MRSequence.T1: replace(moved, affine=affine)}
    with pytest.raises(GeometryError, match="simulated t1"):
        segmenter.predict(replace(simulated.study, images=images))


def test_a_chest_is_refused(segmenter, shared_data):
    path = shared_data / "ibsi/ibsi_1_ct_radiomics_phantom/nifti/image/phantom.nii.gz"
    with pytest.raises(NotAssessableError, match="strip it first"):
        segmenter.predict(Study("chest", {MRSequence.T1C: read_image(path)}))


def test_a_missing_bundle_is_refused(tmp_path):
    with pytest.raises(BundleError, match="is no model bundle"):
        load_segmenter(tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["default-sim", "default"])  # the first has seen none of them
def test_real_cases_before_surgery_are_found_and_show_no_cavity(shared_data, name):
    segmenter = load_segmenter(shipped_bundles()[name], threads=2)
    scores = []
    for folder in sorted((shared_data / "studies" / "labelled").iterdir()):
        reference = read_label_map(find_labels(folder)).array
        segmentation = segmenter.predict(read_study(folder))
        found = segmentation.labels.array
        assert not np.any(found == Label.CAVITY), folder.name
        scores.append(dice(whole_tumor(reference), whole_tumor(found)))
    assert len(scores) == 12
    assert np.mean(scores) >= 0.80
