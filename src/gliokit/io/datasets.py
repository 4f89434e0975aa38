"""Where the files of a study lie in a dataset that is written: BraTS or BIDS.

| of patient P, visit 0 | BraTS 2023, in `P/P-000/` | BIDS 1.10, in `sub-P/ses-000/` |
|---|---|---|
| images | `P-000-t1n.nii.gz`, `t1c t2w t2f` | `anat/sub-P_ses-000_T1w.nii.gz` ... |
| maps | `P-000-adc.nii.gz` ... | `dwi`, `perf`, `pet`, `func` |
| labels | `P-000-seg.nii.gz` | `..._dseg.nii.gz` in `derivatives/truth/` |
| truth | `truth.json` | `truth.json` in `derivatives/truth/` |

To add a layout, write its function and add its line to `DATASET_LAYOUTS`.

Source: BraTS 2023 file names (Synapse syn51156910); Brain Imaging Data Structure 1.10
(bids-specification.readthedocs.io). The names of maps in BIDS follow its dwi, perf, pet and
func folders as far as it has a suffix for them.
"""

from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import TypeAlias

from gliokit.core.vocabulary import Map, MRSequence


class Extra(StrEnum):
    """What belongs to a study beside images and maps."""

    LABELS = "labels"
    TISSUES = "tissues"
    TRUTH = "truth"  # the record
    TRUTH_MAP = "truth_map"  # a folder for maps that other maps are made of
    BIOPSIES = "biopsies"  # a folder
    DICOM = "dicom"  # a folder


Item: TypeAlias = MRSequence | Map | Extra
PathOf: TypeAlias = Callable[[str, str, Item], PurePosixPath]
DERIVED = PurePosixPath("derivatives/truth")

_BRATS_ENDS: Mapping[Item, str] = MappingProxyType(
    {
        MRSequence.T1: "-t1n.nii.gz",
        MRSequence.T1C: "-t1c.nii.gz",
        MRSequence.T2: "-t2w.nii.gz",
        MRSequence.FLAIR: "-t2f.nii.gz",
        Extra.LABELS: "-seg.nii.gz",
        Extra.TISSUES: "-tissues.nii.gz",
        **{kind: f"-{kind.replace('_', '')}.nii.gz" for kind in Map},
    }
)
_BRATS_NAMES: Mapping[Item, str] = MappingProxyType(
    {
        Extra.TRUTH: "truth.json",
        Extra.TRUTH_MAP: "truth",
        Extra.BIOPSIES: "biopsies",
        Extra.DICOM: "dicom",
    }
)
_BIDS_ENDS: Mapping[Item, tuple[str, str]] = MappingProxyType(
    {
        MRSequence.T1: ("anat", "T1w.nii.gz"),
        MRSequence.T1C: ("anat", "ce-gadolinium_T1w.nii.gz"),
        MRSequence.T2: ("anat", "T2w.nii.gz"),
        MRSequence.FLAIR: ("anat", "FLAIR.nii.gz"),
        Map.ADC: ("dwi", "ADC.nii.gz"),
        Map.FA: ("dwi", "model-tensor_param-FA_dwimap.nii.gz"),
        Map.MD: ("dwi", "model-tensor_param-MD_dwimap.nii.gz"),
        Map.AD: ("dwi", "model-tensor_param-AD_dwimap.nii.gz"),
        Map.RD: ("dwi", "model-tensor_param-RD_dwimap.nii.gz"),
        Map.DSC: ("perf", "dsc.nii.gz"),
        Map.FET_PET: ("pet", "trc-FET_pet.nii.gz"),
        Map.BAND_POWER: ("func", "task-rest_stat-power_boldmap.nii.gz"),
        Extra.LABELS: ("anat", "dseg.nii.gz"),
        Extra.TISSUES: ("anat", "desc-tissues_dseg.nii.gz"),
    }
)


def brats_path(patient_id: str, study_id: str, item: Item) -> PurePosixPath:
    """Place a file as BraTS 2023 does: a folder per patient and study."""
    folder = PurePosixPath(patient_id) / study_id
    if item in _BRATS_NAMES:
        return folder / _BRATS_NAMES[item]
    return folder / f"{study_id}{_BRATS_ENDS[item]}"


def bids_path(patient_id: str, study_id: str, item: Item) -> PurePosixPath:
    """Place a file as BIDS does; what is truth, not data, lies among the derivatives."""
    subject = "sub-" + "".join(filter(str.isalnum, patient_id))
    session = "ses-" + study_id.removeprefix(patient_id).strip("-")
    folder = PurePosixPath(subject) / session
    if item is Extra.DICOM:
        return PurePosixPath("sourcedata") / folder / "dicom"
    if item in _BRATS_NAMES:
        return DERIVED / folder / _BRATS_NAMES[item]
    kind, end = _BIDS_ENDS[item]
    root = DERIVED / folder if isinstance(item, Extra) else folder
    return root / kind / f"{subject}_{session}_{end}"


DATASET_LAYOUTS: MappingProxyType[str, PathOf] = MappingProxyType(
    {"brats": brats_path, "bids": bids_path}
)
