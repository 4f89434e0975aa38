"""NIfTI files against nibabel, and every way in which one can be unusable."""

import gzip
import hashlib

import nibabel as nib
import numpy as np
import pytest

from gliokit.core.errors import GeometryError, ImageError, LabelError, OutputError
from gliokit.core.image import Image, LabelMap
from gliokit.io import nifti
from gliokit.io.conventions import LabelConvention
from gliokit.io.nifti import (
    read_image,
    read_label_map,
    read_mask,
    write_frames,
    write_image,
    write_label_map,
    write_probability_map,
)

DTYPES = ["u1", "i1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8"]
OBLIQUE = np.array(
    [[-0.9, 0.1, 0.3, 12.5], [0.05, 0.95, -1.2, -40], [0.2, 0.25, 4.8, 7], [0, 0, 0, 1]]
)

DATATYPE, SCALING, SROW_Z = 70, 112, 312  # bytes of the NIfTI-1 header


@pytest.fixture
def values():
    return np.random.default_rng(3).integers(0, 100, (7, 5, 4))


@pytest.fixture
def file(tmp_path):
    return tmp_path / "t1c.nii.gz"


@pytest.fixture
def save(file):
    """Save an array through nibabel and give the path."""

    def save(array, affine=OBLIQUE, path=file, kind=nib.Nifti1Image):
        nib.save(kind(array, affine, dtype=array.dtype), path)
        return path

    return save


def patch(path, position, content):
    """Change bytes of a file inside its compression."""
    whole = bytearray(gzip.decompress(path.read_bytes()))
    whole[position : position + len(content)] = content
    path.write_bytes(gzip.compress(whole))
    return path


def assert_as_nibabel_reads(path):
    image, expected = read_image(path), nib.load(path)
    np.testing.assert_array_equal(image.array, expected.get_fdata().astype(np.float32))
    np.testing.assert_array_equal(image.affine, expected.affine)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
def test_voxels_are_those_of_nibabel(values, tmp_path, dtype, order, suffix):
    path = tmp_path / f"image{suffix}"
    header = nib.Nifti1Header(endianness=order)
    header.set_data_dtype(dtype)
    nib.save(nib.Nifti1Image(values.astype(dtype), OBLIQUE, header), path)
    assert_as_nibabel_reads(path)


@pytest.mark.parametrize("dtype", DTYPES)
def test_slope_and_intercept_are_those_of_nibabel(values, save, dtype):
    path = patch(save(values.astype(dtype)), SCALING, np.array([0.3, -7.1], "<f4").tobytes())
    assert nib.load(path).dataobj.slope == pytest.approx(0.3)
    assert_as_nibabel_reads(path)


def test_image_larger_than_one_piece_is_read_whole(save, monkeypatch, values):
    monkeypatch.setattr(nifti, "PIECE", 33)
    assert_as_nibabel_reads(save(values.astype("i2")))


def test_nifti_2_is_read(values, save):
    assert_as_nibabel_reads(save(values.astype("i2"), kind=nib.Nifti2Image))


def test_voxels_after_a_header_extension_are_read(values, file):
    image = nib.Nifti1Image(values.astype("i2"), OBLIQUE)
    image.header.extensions.append(nib.nifti1.Nifti1Extension("comment", b"scanned on Monday"))
    nib.save(image, file)
    assert_as_nibabel_reads(file)


def test_qform_is_used_where_there_is_no_sform(values, file):
    image = nib.Nifti1Image(values.astype("i2"), None)
    image.set_qform(np.diag([-2.0, -2.0, 3.0, 1.0]), code=1)
    nib.save(image, file)
    assert_as_nibabel_reads(file)


def test_gzip_is_known_by_content_not_by_name(values, save, tmp_path):
    misnamed = tmp_path / "misnamed.nii"
    misnamed.write_bytes(save(values.astype("i2")).read_bytes())
    np.testing.assert_array_equal(read_image(misnamed).array, values)


def test_image_carries_the_hash_of_the_file_and_its_path(values, save):
    path = save(values.astype("i2"))
    image = read_image(path)
    assert image.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert image.source == str(path)


def test_image_may_be_changed_by_its_owner(values, save):
    image = read_image(save(values.astype("f4")))
    image.array[0, 0, 0] = -1
    assert image.array[0, 0, 0] == -1


def test_fourth_axis_of_one_is_squeezed(values, save):
    assert read_image(save(values.astype("i2")[..., np.newaxis])).array.shape == values.shape


def test_every_real_image_is_read_as_nibabel_reads_it(shared_data):
    study = shared_data / "studies" / "raw_head" / "TCGA-FG-6692"
    for path in sorted(study.glob("*.nii.gz")):
        assert_as_nibabel_reads(path)


def test_missing_file_is_refused(tmp_path):
    with pytest.raises(ImageError, match=r"gone\.nii: cannot be read \(No such file.*give the pa"):
        read_image(tmp_path / "gone.nii")


@pytest.mark.parametrize("content", [b"", b"DICM", bytes(2000)])
def test_other_format_is_refused(file, content):
    file.write_bytes(content)
    with pytest.raises(ImageError, match=r"t1c\.nii\.gz: not a NIfTI file; needed a single"):
        read_image(file)


def test_header_of_an_image_pair_is_refused(values, tmp_path):
    nib.save(nib.Nifti1Pair(values.astype("i2"), OBLIQUE), tmp_path / "pair.img")
    with pytest.raises(ImageError, match=r"pair\.hdr: not a NIfTI file; needed a single"):
        read_image(tmp_path / "pair.hdr")


@pytest.mark.parametrize("share", [0.01, 0.5, 0.99])
def test_truncated_gzip_is_refused(values, save, share):
    path = save(values.astype("i2"))
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(ImageError, match=r"t1c\.nii\.gz: damaged or truncated .* copy it again"):
        read_image(path)


def test_gzip_with_a_wrong_checksum_is_refused(values, save):
    path = save(values.astype("i2"))
    content = bytearray(path.read_bytes())
    content[-6] ^= 1
    path.write_bytes(content)
    with pytest.raises(ImageError, match="CRC check failed"):
        read_image(path)


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_file_that_ends_before_the_last_voxel_is_refused(values, save, pack):
    path = save(values.astype("i2"))
    path.write_bytes(pack(gzip.decompress(path.read_bytes())[:-1]))
    with pytest.raises(ImageError, match="it ends before the last voxel"):
        read_image(path)


def test_damaged_header_is_refused(values, save):
    path = patch(save(values.astype("i2")), DATATYPE, (1234).to_bytes(2, "little"))
    with pytest.raises(ImageError, match=r"damaged or truncated \(data code 1234"):
        read_image(path)


def test_image_over_time_is_refused(save):
    with pytest.raises(ImageError, match="a 4-D image of 4×4×4×10 voxels; needed one 3-D volume"):
        read_image(save(np.ones((4, 4, 4, 10), "i2")))


def test_single_slice_without_third_axis_is_refused(save):
    with pytest.raises(ImageError, match="a 2-D image of 4×4 voxels; needed one 3-D volume"):
        read_image(save(np.ones((4, 4), "i2")))


def test_image_of_no_voxels_is_refused(save):
    with pytest.raises(ImageError, match=r"t1c\.nii\.gz: empty, 4×0×4 voxels"):
        read_image(save(np.ones((4, 0, 4), "i2")))


def test_image_of_zeros_is_refused(save):
    with pytest.raises(ImageError, match=r"t1c\.nii\.gz: empty, every voxel is 0; needed an image"):
        read_image(save(np.zeros((4, 4, 4), "i2")))


def test_constant_image_is_refused(save):
    with pytest.raises(ImageError, match=r"t1c\.nii\.gz: constant, every voxel is 7"):
        read_image(save(np.full((4, 4, 4), 7, "i2")))


def test_image_with_gaps_is_refused_with_their_number(values, save):
    array = values.astype("f4")
    array[0, 0, :3] = np.nan, np.inf, -np.inf
    with pytest.raises(ImageError, match="3 of 140 voxels are NaN or infinite"):
        read_image(save(array))


def test_numbers_too_large_for_single_precision_are_refused(values, save):
    array = values.astype("f8")
    array[0, 0, 0] = 1e300
    with pytest.raises(ImageError, match="1 of 140 voxels are NaN or infinite"):
        read_image(save(array))


@pytest.mark.parametrize(
    ("dtype", "name"),
    [("c8", "complex64"), ([("R", "u1"), ("G", "u1"), ("B", "u1")], "RGB")],
)
def test_voxels_that_are_no_real_number_are_refused(save, dtype, name):
    with pytest.raises(ImageError, match=f"voxels are of type {name}; needed one real number"):
        read_image(save(np.zeros((3, 3, 3), dtype)))


def test_singular_affine_is_refused(values, save):
    path = patch(save(values.astype("i2")), SROW_Z, bytes(16))
    with pytest.raises(GeometryError, match=r"t1c\.nii\.gz: affine maps voxels onto no volume"):
        read_image(path)


def test_header_without_orientation_is_refused(values, file):
    nib.save(nib.Nifti1Image(values.astype("i2"), None), file)
    with pytest.raises(GeometryError, match=r"t1c\.nii\.gz: orientation unknown, sform and qform"):
        read_image(file)


@pytest.fixture
def label_map():
    labels = np.random.default_rng(0).integers(0, 5, (6, 7, 8)).astype(np.uint8)
    return LabelMap(labels, OBLIQUE.copy())


def test_label_map_survives_writing_and_reading(label_map, file):
    write_label_map(file, label_map)
    again = read_label_map(file)
    np.testing.assert_array_equal(again.array, label_map.array)
    np.testing.assert_allclose(again.affine, label_map.affine, rtol=1e-6)
    assert again.array.dtype == np.uint8


def test_written_label_map_is_never_ambiguous(label_map, file):
    write_label_map(file, label_map)  # holds 3 beside 4, which is refused without the mark
    assert nib.load(file).header["descrip"].item() == b"gliokit labels BraTS2023"
    assert read_label_map(file).note == ""


def test_same_labels_give_the_same_bytes_under_any_name(label_map, tmp_path):
    for name in ("a.nii.gz", "b.nii.gz"):
        write_label_map(tmp_path / name, label_map)
    first, second = ((tmp_path / name).read_bytes() for name in ("a.nii.gz", "b.nii.gz"))
    assert first == second
    assert first[3:8] == bytes(5)  # gzip's flags (no name) and time


def test_memory_order_does_not_change_the_bytes(label_map, tmp_path):
    write_label_map(tmp_path / "c.nii", label_map)
    turned = LabelMap(np.asfortranarray(label_map.array), label_map.affine)
    write_label_map(tmp_path / "f.nii", turned)
    assert (tmp_path / "c.nii").read_bytes() == (tmp_path / "f.nii").read_bytes()


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
def test_nibabel_reads_what_was_written(label_map, tmp_path, suffix):
    path = tmp_path / f"labels{suffix}"
    write_label_map(path, label_map)
    again = nib.load(path)
    np.testing.assert_array_equal(np.asarray(again.dataobj), label_map.array)
    np.testing.assert_allclose(again.affine, OBLIQUE, rtol=1e-6)
    assert again.header.get_xyzt_units()[0] == "mm"


def test_qform_and_sform_agree_on_a_grid_without_shear(label_map, file):
    write_label_map(file, LabelMap(label_map.array, np.diag([-1.0, -1.0, 2.0, 1.0])))
    header = nib.load(file).header
    np.testing.assert_allclose(header.get_qform(coded=True)[0], header.get_sform())


def test_sheared_grid_is_written_without_qform(label_map, file):
    write_label_map(file, label_map)
    assert nib.load(file).header["qform_code"] == 0


def test_image_survives_writing_and_reading(values, file):
    image = Image(values.astype(np.float32) / 3, OBLIQUE)
    write_image(file, image)
    np.testing.assert_array_equal(read_image(file).array, image.array)


def test_label_map_from_another_hand_is_read_by_its_values(values, save):
    labels = np.array([0, 1, 2, 4])[values % 4].astype("f8")
    label_map = read_label_map(save(labels))
    np.testing.assert_array_equal(label_map.array, np.array([0, 1, 2, 3])[values % 4])
    assert "label 4 was read as enhancing tumor (brats2017)" in label_map.note


def test_convention_option_goes_before_the_mark(file):
    write_label_map(file, LabelMap(np.full((2, 2, 2), 4, np.uint8), np.eye(4)))
    assert np.all(read_label_map(file).array == 4)
    assert np.all(read_label_map(file, convention=LabelConvention.BRATS2017).array == 3)


def test_file_name_of_a_brats_release_decides(save, tmp_path):
    labels = np.arange(8, dtype=np.uint8).reshape(2, 2, 2) % 5
    label_map = read_label_map(save(labels, path=tmp_path / "BraTS-GLI-00001-100-seg.nii.gz"))
    np.testing.assert_array_equal(label_map.array, labels)


def test_label_map_without_tumor_is_accepted(save):
    assert not read_label_map(save(np.zeros((3, 3, 3), np.uint8))).array.any()


def test_image_given_as_label_map_is_refused_by_name(values, save):
    with pytest.raises(LabelError, match=r"t1c\.nii\.gz: found .* give a label map, not an image"):
        read_label_map(save(values.astype("f4") + 0.25))


def test_scaled_labels_are_read_as_scaled(save):
    path = save(np.array([[[0, 2, 4]]], dtype=np.uint8))
    patch(path, SCALING, np.array([0.5, 0], "<f4").tobytes())
    np.testing.assert_array_equal(read_label_map(path).array, [[[0, 1, 2]]])


def test_other_file_name_is_refused_for_writing(label_map, tmp_path):
    with pytest.raises(OutputError, match=r"labels\.mha: the name of a NIfTI file must end in"):
        write_label_map(tmp_path / "labels.mha", label_map)


def test_writing_into_a_missing_folder_is_refused(label_map, tmp_path):
    with pytest.raises(OutputError, match=r"cannot be written \(No such file or directory\)"):
        write_label_map(tmp_path / "missing" / "labels.nii", label_map)


@pytest.mark.parametrize("failure", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_interrupted_writing_leaves_the_old_file_and_no_other(
    label_map, file, monkeypatch, failure
):
    file.write_bytes(b"old")

    def write_half(path, content):
        with path.open("wb") as half:
            half.write(content[: len(content) // 2])
        raise failure

    monkeypatch.setattr(type(file), "write_bytes", write_half)
    with pytest.raises((OutputError, KeyboardInterrupt)):
        write_label_map(file, label_map)
    assert file.read_bytes() == b"old"
    assert list(file.parent.iterdir()) == [file]


@pytest.mark.parametrize(("code", "unit"), [(1, "meters"), (3, "micrometers")])
def test_lengths_in_another_unit_than_millimeters_are_refused(values, file, code, unit):
    image = nib.Nifti1Image(values.astype(np.int16), np.eye(4))
    image.header["xyzt_units"] = code + 8  # and time in seconds
    nib.save(image, file)
    with pytest.raises(GeometryError, match=f"gives lengths in {unit}; needed mm"):
        read_image(file)


def test_frames_keep_their_order_and_the_time_between_them(tmp_path):
    frames = np.arange(4 * 3 * 2 * 5, dtype=np.float32).reshape(4, 3, 2, 5)
    affine = np.diag([2.0, 2.0, 5.0, 1.0])
    write_frames(tmp_path / "dsc.nii.gz", frames, affine, step_s=1.5)
    stored = nib.load(tmp_path / "dsc.nii.gz")
    assert np.array_equal(np.asarray(stored.dataobj), frames)
    assert stored.header.get_zooms() == pytest.approx((2, 2, 5, 1.5))
    assert stored.header.get_xyzt_units() == ("mm", "sec")
    assert np.allclose(stored.affine, affine)


@pytest.fixture
def probability():
    """Give probabilities that fill the range, its ends among them."""
    drawn = np.random.default_rng(5).uniform(size=(7, 5, 4)).astype(np.float32)
    drawn[0, 0, :2] = 0, 1
    return drawn


def test_probabilities_are_bytes_that_read_as_zero_to_one(probability, file):
    write_probability_map(file, probability, OBLIQUE, note="gliokit probability of WT")
    written = nib.load(file)
    assert written.get_data_dtype() == np.uint8
    assert written.header["descrip"].item() == b"gliokit probability of WT"
    np.testing.assert_allclose(written.affine, OBLIQUE, atol=1e-5)
    np.testing.assert_allclose(written.get_fdata(), probability, atol=0.5 / 255 + 1e-6)
    np.testing.assert_allclose(written.get_fdata()[0, 0, :2], [0, 1], atol=1e-6)
    assert_as_nibabel_reads(file)


def test_same_probabilities_give_the_same_bytes(probability, tmp_path):
    one, two = tmp_path / "one.nii.gz", tmp_path / "two.nii.gz"
    write_probability_map(one, probability, OBLIQUE)
    write_probability_map(two, np.asfortranarray(probability), OBLIQUE)
    assert one.read_bytes() == two.read_bytes()


def test_probabilities_given_as_label_map_are_refused(probability, file):
    write_probability_map(file, probability, OBLIQUE)
    with pytest.raises(LabelError):
        read_label_map(file)


def write_numbers(path, array):
    nib.save(nib.Nifti1Image(array, np.eye(4)), path)


def test_a_mask_is_what_has_the_one_number_there_is(tmp_path):
    array = np.zeros((3, 4, 5), dtype=np.uint8)
    array[1, 2, 3] = 255
    write_numbers(tmp_path / "mask.nii", array)
    np.testing.assert_array_equal(read_mask(tmp_path / "mask.nii").array, array > 0)


def test_a_mask_is_what_has_the_number_that_is_asked_for(tmp_path):
    array = np.arange(60, dtype=np.int16).reshape(3, 4, 5)
    write_numbers(tmp_path / "mask.nii", array)
    np.testing.assert_array_equal(read_mask(tmp_path / "mask.nii", value=7).array, array == 7)


@pytest.mark.parametrize(
    ("array", "value", "message"),
    [
        (np.zeros((3, 4, 5), np.uint8), None, "no voxel is other than 0; found none"),
        (np.ones((3, 4, 5), np.uint8), 2, "no voxel is 2; found 1"),
        (np.arange(60, dtype=np.uint8).reshape(3, 4, 5), None, "holds several regions"),
        (np.full((3, 4, 5), 0.5, np.float32), None, "needed whole numbers alone"),
        (np.full((3, 4, 5), np.nan, np.float32), None, "needed whole numbers alone"),
    ],
)
def test_a_mask_that_says_no_region_is_refused(tmp_path, array, value, message):
    write_numbers(tmp_path / "mask.nii", array)
    with pytest.raises(LabelError, match=message):
        read_mask(tmp_path / "mask.nii", value=value)
