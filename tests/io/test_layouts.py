"""From a folder, or from paths, to a study."""

import numpy as np
import pytest

from gliokit.core.errors import ImageError, LayoutError
from gliokit.core.image import Image
from gliokit.core.vocabulary import MRSequence
from gliokit.io.layouts import find_labels, find_sequences, read_study
from gliokit.io.nifti import write_image

T1, T1C, T2, FLAIR = MRSequence


@pytest.fixture
def folder(tmp_path):
    """Give an empty study folder with a telling name."""
    folder = tmp_path / "DOE^JANE"
    folder.mkdir()
    return folder


@pytest.fixture
def add(folder):
    """Add an image of its own to the folder, by name."""

    def add(name, seed=0):
        array = np.random.default_rng(seed).random((4, 5, 6), dtype=np.float32)
        write_image(folder / name, Image(array, np.eye(4)))
        return folder / name

    return add


def test_folder_is_read_as_a_study(folder, add):
    for seed, sequence in enumerate(MRSequence):
        add(f"{sequence}.nii.gz", seed)
    study = read_study(folder)
    assert list(study.images) == list(MRSequence)
    assert study.missing == []
    assert study[FLAIR].source == str(folder / "flair.nii.gz")


def test_missing_sequences_are_missing_and_no_more(folder, add):
    add("t1c.nii.gz")
    assert read_study(folder).missing == [T1, T2, FLAIR]


def test_study_id_never_holds_the_name_of_the_folder(folder, add):
    add("t1c.nii.gz")
    study_id = read_study(folder).study_id
    assert len(study_id) == len("study-") + 10
    assert study_id.startswith("study-")
    assert "DOE" not in study_id


def test_study_id_depends_on_the_files_and_not_on_where_they_lie(folder, add, tmp_path):
    add("t1.nii.gz", 1)
    add("t2.nii.gz", 2)
    before = read_study(folder).study_id
    moved = folder.rename(tmp_path / "elsewhere")
    (moved / "t1.nii.gz").rename(moved / "P1_T1w.nii.gz")
    assert read_study(moved).study_id == before


def test_study_id_differs_if_two_sequences_change_places(folder, add):
    one, other = add("a.nii", 1), add("b.nii", 2)
    straight = read_study(None, overrides={T1: one, T1C: other})
    crossed = read_study(None, overrides={T1: other, T1C: one})
    assert straight.study_id != crossed.study_id


def test_study_id_may_be_given(folder, add):
    add("t1c.nii.gz")
    assert read_study(folder, study_id="P-007").study_id == "P-007"


def test_option_goes_before_the_folder(folder, add):
    add("t1c.nii.gz", 1)
    chosen = add("other.nii.gz", 2)
    assert find_sequences(folder, overrides={T1C: chosen}) == {T1C: chosen}


def test_option_settles_which_of_two_candidates(folder, add):
    add("t1ce.nii.gz", 1)
    chosen = add("t1gd.nii.gz", 2)
    assert find_sequences(folder, overrides={T1C: chosen}) == {T1C: chosen}


def test_paths_alone_make_a_study_in_the_order_of_the_sequences(add):
    paths = {FLAIR: add("a.nii", 1), T1: add("b.nii", 2)}
    assert list(read_study(None, overrides=paths).images) == [T1, FLAIR]


def test_two_candidates_are_refused_with_both_names_and_the_option(folder, add):
    add("t1ce.nii.gz")
    add("t1gd.nii")
    with pytest.raises(LayoutError, match=r"t1ce\.nii\.gz, t1gd\.nii could each .* --t1c PATH"):
        read_study(folder)


def test_compressed_copy_beside_the_image_is_a_second_candidate(folder, add):
    add("t2.nii.gz")
    add("t2.nii")
    with pytest.raises(LayoutError, match=r"t2\.nii, t2\.nii\.gz could each be t2"):
        read_study(folder)


def test_visits_in_one_folder_are_refused(shared_data):
    with pytest.raises(LayoutError, match=r"Post_Scan_T1\.nii\.gz, Pre_Scan_T1\.nii\.gz could"):
        find_sequences(shared_data / "studies" / "post_treatment" / "01")


def test_folder_without_a_known_sequence_is_refused_with_what_it_holds(folder, add):
    add("adc.nii.gz")
    with pytest.raises(
        LayoutError,
        match=r"no image of a known sequence among adc\.nii\.gz; .* t1ce .*--flair PATH",
    ):
        read_study(folder)


def test_long_list_of_files_is_cut(folder, add):
    for number in range(10):
        add(f"dwi{number}.nii")
    with pytest.raises(LayoutError, match=r"dwi7\.nii, and 2 more; needed"):
        read_study(folder)


def test_empty_folder_is_refused(folder):
    with pytest.raises(LayoutError, match="found no NIfTI files"):
        read_study(folder)


def test_missing_folder_is_refused(tmp_path):
    with pytest.raises(LayoutError, match="gone: no such folder; give the study's folder, or --t1"):
        read_study(tmp_path / "gone")


def test_file_in_place_of_a_folder_is_refused(add):
    with pytest.raises(LayoutError, match=r"t1\.nii\.gz: a file, not a folder"):
        read_study(add("t1.nii.gz"))


def test_no_folder_and_no_path_is_refused():
    with pytest.raises(
        LayoutError, match="no image is named; needed a folder, or one of --t1 PATH"
    ):
        read_study(None)


def test_unusable_image_is_named(folder, add):
    add("t1.nii.gz")
    (folder / "t2.nii.gz").write_bytes(b"no image")
    with pytest.raises(ImageError, match=r"t2\.nii\.gz: not a NIfTI file"):
        read_study(folder)


def test_an_image_whose_link_leads_nowhere_is_not_taken_for_missing(folder, add):
    add("flair.nii.gz")
    (folder / "t1c.nii.gz").symlink_to(folder / "gone")
    (folder / "t2.nii.gz").mkdir()
    assert list(find_sequences(folder)) == [T1C, FLAIR]
    with pytest.raises(ImageError, match=r"t1c\.nii\.gz: cannot be read \(No such file"):
        read_study(folder)


def test_hidden_files_are_passed_over(folder, add):
    add("t1.nii.gz")
    (folder / "._t1.nii.gz").write_bytes(b"resource fork")
    assert list(find_sequences(folder)) == [T1]


def test_label_map_is_found_beside_the_images(folder, add):
    add("t1.nii.gz")
    seg = add("BraTS20_Training_001_seg.nii.gz")
    assert find_labels(folder) == seg
    assert list(find_sequences(folder)) == [T1]


def test_folder_without_label_map_has_none(folder, add):
    add("t1.nii.gz")
    assert find_labels(folder) is None


def test_two_label_maps_are_refused(folder, add):
    add("seg.nii.gz")
    add("segmentation.nii.gz")
    with pytest.raises(LayoutError, match=r"could each be labels; say which with --labels PATH"):
        find_labels(folder)


def test_real_studies_are_found_whole(shared_data):
    for folder in sorted((shared_data / "studies" / "labelled").iterdir()):
        assert list(find_sequences(folder)) == list(MRSequence)
        assert find_labels(folder) == folder / "seg.nii.gz"


def test_brain_masks_of_a_real_study_are_not_taken_for_images(shared_data):
    folder = shared_data / "studies" / "raw_head" / "TCGA-FG-6692"
    names = [path.name for path in find_sequences(folder).values()]
    assert names == ["t1.nii.gz", "t1c.nii.gz", "t2.nii.gz", "flair.nii.gz"]


def test_one_image_given_as_two_sequences_is_refused(add):
    image = add("t1.nii.gz")
    with pytest.raises(LayoutError, match=r"t1 and t1c are the same image, .*t1\.nii\.gz; give"):
        read_study(None, overrides={T1: image, T1C: image})
