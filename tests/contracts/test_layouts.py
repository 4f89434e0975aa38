"""What every layout must do: know its own files, whatever their case, and no others."""

from pathlib import Path

import pytest

from gliokit.core.vocabulary import MRSequence
from gliokit.io.layouts import LAYOUTS, recognize

# per layout, studies as they are found in the wild: t1, t1c, t2, flair, labels
EXAMPLES = {
    "suffix": [
        "t1 t1c t2 flair seg",
        "t1 t1ce t2 fla labels",
        "t1n t1gd t2w t2f segmentation",
        "P1_T1_pre P1_T1_post P1_T2 P1_T2_FLAIR P1_labels",
        "BraTS20_Training_001_t1 BraTS20_Training_001_t1ce BraTS20_Training_001_t2 "
        "BraTS20_Training_001_flair BraTS20_Training_001_seg",
        "Brats17_TCIA_117_1_t1 Brats17_TCIA_117_1_t1ce Brats17_TCIA_117_1_t2 "
        "Brats17_TCIA_117_1_flair Brats17_TCIA_117_1_seg",
        "BraTS2021_00000_t1 BraTS2021_00000_t1ce BraTS2021_00000_t2 BraTS2021_00000_flair "
        "BraTS2021_00000_seg",
        "BraTS-GLI-00000-000-t1n BraTS-GLI-00000-000-t1c BraTS-GLI-00000-000-t2w "
        "BraTS-GLI-00000-000-t2f BraTS-GLI-00000-000-seg",
        "UPENN-GBM-00001_11_T1 UPENN-GBM-00001_11_T1GD UPENN-GBM-00001_11_T2 "
        "UPENN-GBM-00001_11_FLAIR UPENN-GBM-00001_11_segmentation",
    ],
    "bids": [
        "sub-01_T1w sub-01_ce-gadolinium_T1w sub-01_T2w sub-01_FLAIR sub-01_dseg",
        "sub-01_ses-2_T1w sub-01_ses-2_ce-gd_acq-3d_T1w sub-01_ses-2_T2w sub-01_ses-2_FLAIR "
        "sub-01_ses-2_dseg",
    ],
}
STUDIES = [(name, study.split()) for name, studies in EXAMPLES.items() for study in studies]
OTHERS = [
    *(
        "adc",
        "dwi",
        "t2star",
        "t10",
        "not1",
        "flairs",
        "t1c_bias",
        "",
        "_",
        "sub-01",
        "sub-01_bold",
    ),
    *("brain_mask_t1", "t1_mask", "t1_brainmask", "seg_t1c", "sub-01_space-T1w_mask"),
    *("P1_brain_segmentation", "sub-01_label-GM_probseg"),
    *("P1_Gd_T1", "post_contrast_t1w", "FLAIR_T2w"),  # these say two things
]


def test_every_layout_has_examples():
    assert EXAMPLES.keys() == LAYOUTS.keys()


@pytest.mark.parametrize(("layout", "stems"), STUDIES)
def test_layout_knows_each_of_its_files(layout, stems):
    assert [LAYOUTS[layout](stem) for stem in stems] == [*MRSequence, "labels"]


@pytest.mark.parametrize(("layout", "stems"), STUDIES)
def test_case_does_not_matter(layout, stems):
    for change in (str.upper, str.lower):
        assert [LAYOUTS[layout](change(stem)) for stem in stems] == [*MRSequence, "labels"]


@pytest.mark.parametrize(("layout", "stems"), STUDIES)
@pytest.mark.parametrize("suffix", [".nii", ".nii.gz", ".NII.GZ"])
def test_no_layout_before_it_takes_its_files(layout, stems, suffix):
    roles = [recognize(Path("folder") / (stem + suffix)) for stem in stems]
    assert roles == [*MRSequence, "labels"]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("stem", OTHERS)
def test_other_files_are_not_taken(layout, stem):
    assert LAYOUTS[layout](stem) is None
