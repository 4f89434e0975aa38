"""A folder of NIfTI files, or one path per sequence, to a study.

Files are known by their names alone. A layout is a function from a file's stem to what the file
is; to add one, write it and add its line to `LAYOUTS`. Layouts are tried in order, file by file;
a file that none knows is passed over. Only the folder itself is searched.

Understood: `t1c.nii.gz`, `PATIENT_t1c.nii.gz`, `PATIENT-t1c.nii.gz` in the common spellings
(BraTS in all its years, UPENN-GBM and UCSF-PDGM are of this form), and BIDS.
"""

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import MappingProxyType
from typing import Literal, TypeAlias

from gliokit.core.errors import LayoutError
from gliokit.core.image import Image
from gliokit.core.study import Study
from gliokit.core.vocabulary import MRSequence
from gliokit.io.archives import is_zip
from gliokit.io.nifti import read_image

Role: TypeAlias = MRSequence | Literal["labels"]
Layout: TypeAlias = Callable[[str], Role | None]

SPELLINGS: MappingProxyType[str, MRSequence] = MappingProxyType(
    {
        spelling: sequence
        for sequence, spellings in {
            MRSequence.T1: "t1 t1n t1w t1pre",
            MRSequence.T1C: "t1c t1ce t1gd t1gad t1post t1contrast t1km ct1",
            MRSequence.T2: "t2 t2w",
            MRSequence.FLAIR: "flair fla t2f t2flair",
        }.items()
        for spelling in spellings.split()
    }
)
LABEL_WORDS = frozenset({"seg", "segmentation", "label", "labels", "labelmap"})
# a file with such a word in its name is made from an image, and is none
DERIVED_WORDS = LABEL_WORDS | {"mask", "brainmask", "dseg", "probseg", "roi", "prob", "pred"}
# a name that ends in a sequence and holds such a word says two things, and so nothing
DOUBTS: MappingProxyType[MRSequence, frozenset[str]] = MappingProxyType(
    {
        MRSequence.T1: frozenset({"gd", "gad", "gadolinium", "contrast", "postcontrast"}),
        MRSequence.T2: frozenset({"flair"}),
    }
)
_SUFFIX = re.compile(r"\.nii(\.gz)?$", re.IGNORECASE)
_LISTED = 8  # so many file names stand in a message


def by_suffix(stem: str) -> Role | None:
    """Know `t1c`, `BraTS20_Training_001_t1ce`, `BraTS-GLI-00000-000-t2f`, `P1_T1_post`, `seg`."""
    words = re.split(r"[-_. ]", stem.lower())
    if words[-1] in LABEL_WORDS and "brain" not in words:
        return "labels"
    if DERIVED_WORDS.intersection(words):
        return None
    ends = ("".join(words[start:]) for start in range(len(words)))
    sequence = next((SPELLINGS[end] for end in ends if end in SPELLINGS), None)
    doubtful = sequence is not None and DOUBTS.get(sequence, frozenset()).intersection(words)
    return None if doubtful else sequence


def by_bids_entities(stem: str) -> Role | None:
    """Know `sub-01_ses-1_ce-gadolinium_T1w`, `sub-01_FLAIR`, `sub-01_dseg`."""
    *entities, suffix = stem.lower().split("_")
    if not stem.lower().startswith("sub-"):
        return None
    if suffix == "t1w" and any(entity.startswith("ce-") for entity in entities):
        return MRSequence.T1C
    known: Mapping[str, Role] = {
        "t1w": MRSequence.T1,
        "t2w": MRSequence.T2,
        "flair": MRSequence.FLAIR,
        "dseg": "labels",
    }
    return known.get(suffix)


LAYOUTS: MappingProxyType[str, Layout] = MappingProxyType(
    {
        "bids": by_bids_entities,
        "suffix": by_suffix,
    }
)
NO_OVERRIDES: MappingProxyType[MRSequence, Path] = MappingProxyType({})


def read_study(
    folder: Path | None,
    *,
    overrides: Mapping[MRSequence, Path] = NO_OVERRIDES,
    study_id: str | None = None,
) -> Study:
    """Read the images of one study.

    Parameters
    ----------
    folder : Path or None
        Searched by `find_sequences`; None if every image is named in `overrides`.
    overrides : mapping of MRSequence to Path
        Paths that go before what the folder holds.
    study_id : str or None
        By default a hash of the images: folder names may hold patient names.

    Raises
    ------
    LayoutError
        If there is no image, if two files could be the same sequence, or if two sequences are
        one image.
    ImageError, GeometryError
        If an image is not usable.
    """
    if folder is None:
        paths = {sequence: overrides[sequence] for sequence in MRSequence if sequence in overrides}
    else:
        paths = find_sequences(folder, overrides=overrides)
    if not paths:
        raise LayoutError(f"no image is named; needed a folder, or one of {_options()}")
    with ThreadPoolExecutor(len(MRSequence)) as pool:  # isal and numpy release the lock
        images = dict(zip(paths, pool.map(read_image, paths.values()), strict=True))
    _check_different(images)
    return Study(study_id or hashed_id(images), images)


def find_sequences(
    folder: Path, *, overrides: Mapping[MRSequence, Path] = NO_OVERRIDES
) -> dict[MRSequence, Path]:
    """Find the image of each sequence; those that are not there are absent.

    Raises
    ------
    LayoutError
        If there is no image, or if two files could be the same sequence.
    """
    files = _files_of(folder)
    named = by_sequence(files)
    paths = {
        sequence: overrides.get(sequence) or _only(sequence, named[sequence])
        for sequence in MRSequence
        if sequence in overrides or sequence in named
    }
    if not paths and not files:
        raise LayoutError(
            f"{folder}: found no NIfTI files (.nii, .nii.gz); give the folder that holds the "
            f"images of a study, NIfTI or DICOM, or {_options()}"
        )
    if not paths:
        raise LayoutError(
            f"{folder}: no image of a known sequence among {_named(files)}; needed names that end "
            f"in one of {' '.join(SPELLINGS)}; rename them, or give {_options()}"
        )
    return paths


def find_labels(folder: Path) -> Path | None:
    """Find the label map of a study, or None.

    Raises
    ------
    LayoutError
        If two files could be it.
    """
    named = [path for path in _files_of(folder) if recognize(path) == "labels"]
    return _only("labels", named) if named else None


def is_dicom(path: Path) -> bool:
    """Tell a zip archive, or a folder of files none of which is NIfTI, from a NIfTI study."""
    if not path.is_dir():
        return is_zip(path)
    return not nifti_files(path) and any(found.is_file() for found in path.rglob("*"))


def is_nifti(name: str) -> bool:
    """Tell from its name whether a file is NIfTI."""
    return _SUFFIX.search(name) is not None


def nifti_files(folder: Path) -> list[Path]:
    """List the NIfTI files of a folder, in the order of names; where it is no folder, none.

    A link to nothing, as git-annex leaves of what it has not fetched, is listed too: who reads it
    fails, where a study without that image would be another one.
    """
    if not folder.is_dir():
        return []
    named = (path for path in folder.iterdir() if is_nifti(path.name))
    files = (path for path in named if path.is_file() or not path.exists())
    return sorted(path for path in files if not path.name.startswith("."))


def by_sequence(files: Iterable[Path]) -> dict[MRSequence, list[Path]]:
    """Give the files that could each be the image of a sequence; sequences without one lack."""
    roles = [(recognize(path), path) for path in files]
    named = {
        sequence: [path for role, path in roles if role == sequence] for sequence in MRSequence
    }
    return {sequence: paths for sequence, paths in named.items() if paths}


def recognize(path: Path) -> Role | None:
    """Tell from its name what a file is, or None if no layout knows it."""
    stem = _SUFFIX.sub("", path.name)
    return next((role for layout in LAYOUTS.values() if (role := layout(stem))), None)


def hashed_id(images: Mapping[MRSequence, Image]) -> str:
    """Name a study after its images: the same files have the same id, wherever they lie."""
    return named_by_hashes({sequence: image.sha256 for sequence, image in images.items()})


def named_by_hashes(sha256: Mapping[MRSequence, str]) -> str:
    """Name a study after the hashes of its images' files."""
    parts = sorted(f"{sequence} {own}" for sequence, own in sha256.items())
    return "study-" + hashlib.sha256("\n".join(parts).encode()).hexdigest()[:10]


def _files_of(folder: Path) -> list[Path]:
    if not folder.is_dir():
        found = "a file, not a folder" if folder.exists() else "no such folder"
        raise LayoutError(f"{folder}: {found}; give the study's folder, or {_options()}")
    return nifti_files(folder)


def _only(role: Role, candidates: list[Path]) -> Path:
    if len(candidates) > 1:
        raise LayoutError(
            f"{candidates[0].parent}: {_named(candidates)} could each be {role}; "
            f"say which with --{role} PATH"
        )
    return candidates[0]


def _check_different(images: Mapping[MRSequence, Image]) -> None:
    seen: dict[str, MRSequence] = {}
    for sequence, image in images.items():
        if (other := seen.setdefault(image.sha256, sequence)) is not sequence:
            raise LayoutError(
                f"{other} and {sequence} are the same image, {image.source}; give each its own, "
                "or leave one out"
            )


def _options() -> str:
    return " ".join(f"--{sequence} PATH" for sequence in MRSequence)


def _named(files: list[Path]) -> str:
    names = [path.name for path in files[:_LISTED]]
    more = f", and {len(files) - _LISTED} more" if len(files) > _LISTED else ""
    return ", ".join(names) + more
