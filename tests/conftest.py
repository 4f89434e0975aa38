"""What tests of several packages share."""

from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from types import ModuleType

import numpy as np
import pydicom
import pytest

from gliokit.core.geometry import Affine
from gliokit.core.image import Image, LabelMap
from gliokit.core.study import Study
from gliokit.core.vocabulary import Label, MRSequence
from gliokit.io.dicom_writer import Element, SeriesFacts, SliceOrder, StudyFacts, write_series
from gliokit.io.nifti import write_image

# scanning sequence, TR, TE, TI in ms, contrast agent: as spin echo at 1.5 T is run
PROTOCOL = {
    MRSequence.T1: ("SE", 550.0, 12.0, None, ""),
    MRSequence.T1C: ("SE", 550.0, 12.0, None, "Gadovist"),
    MRSequence.T2: ("SE", 4500.0, 100.0, None, ""),
    MRSequence.FLAIR: ("IR", 9000.0, 110.0, 2400.0, ""),
}


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Give the folder of real data, which is not part of the project."""
    folder = Path(__file__).parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"needs real data in {folder}")
    return folder


@pytest.fixture
def bright_study() -> Study:
    """Give a round brain of 3 mm voxels with one bright box of 6×5×4 voxels on its left."""
    grid = np.moveaxis(np.indices((48, 56, 44)), 0, -1)
    brain = np.linalg.norm((grid - [24, 28, 22]) / [22, 26, 20], axis=-1) < 1
    affine = np.diag([3.0, 3.0, 3.0, 1.0])
    affine[:3, 3] = [-72, -84, -66]
    images = {}
    for number, sequence in enumerate(MRSequence):
        array = np.where(brain, 100 + number + grid[..., 0] % 3, 0).astype(np.float32)
        array[10:16, 26:31, 20:24] = 200
        images[sequence] = Image(array, affine, source=f"bright {sequence}")
    return Study("bright", images)


@pytest.fixture
def study_folder(bright_study: Study, tmp_path: Path) -> Path:
    """Write the bright study as a user would have it."""
    folder = tmp_path / "patient"
    folder.mkdir()
    for sequence, image in bright_study.images.items():
        write_image(folder / f"{sequence}.nii.gz", image)
    return folder


@pytest.fixture
def fakes(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Give `fakes.py`; worker processes find it by the path that they inherit."""
    monkeypatch.syspath_prepend(Path(__file__).parent)
    return import_module("fakes")


@pytest.fixture(scope="session")
def t1_series() -> SeriesFacts:
    """Give the facts of an interleaved spin echo T1."""
    return SeriesFacts(
        number=4,
        description="t1_se_tra",
        image_type=("ORIGINAL", "PRIMARY", "M"),
        scanning_sequence=("SE",),
        sequence_variant=("SP",),
        acquisition_type="2D",
        repetition_ms=550.0,
        echo_ms=12.0,
        inversion_ms=None,
        flip_degrees=90.0,
        thickness_mm=4.0,
        order=SliceOrder.INTERLEAVED,
    )


@pytest.fixture(scope="session")
def series_of(t1_series: SeriesFacts) -> Callable[..., SeriesFacts]:
    """Give the facts of the series that shows a sequence, with what is said of it otherwise."""

    def facts(sequence: MRSequence, **otherwise: object) -> SeriesFacts:
        kind, repetition, echo, inversion, agent = PROTOCOL[sequence]
        usual = replace(
            t1_series,
            number=1 + list(PROTOCOL).index(sequence),
            description="ax",
            scanning_sequence=(kind,),
            repetition_ms=repetition,
            echo_ms=echo,
            inversion_ms=inversion,
            elements=(Element(0x00180010, "LO", agent),),
        )
        return replace(usual, **otherwise)

    return facts


@pytest.fixture(scope="session")
def write_headers(t1_series: SeriesFacts) -> Callable[..., list[pydicom.Dataset]]:
    """Write a T1 series, with what is said of it otherwise, and give the headers of its files."""

    def write(
        folder: Path,
        array: np.ndarray,
        affine: Affine,
        study: StudyFacts,
        *,
        enhanced: bool = False,
        **otherwise: object,
    ) -> list[pydicom.Dataset]:
        series = replace(t1_series, **otherwise)
        files = write_series(
            folder, array, affine=affine, study=study, series=series, enhanced=enhanced
        )
        return [pydicom.dcmread(file, stop_before_pixels=True) for file in files]

    return write


@pytest.fixture
def textured_study() -> Study:
    """Give a stripped brain of 4 mm voxels with texture of its own in every sequence."""
    grid = np.moveaxis(np.indices((40, 46, 36)), 0, -1)
    brain = np.linalg.norm((grid - [19.5, 22.5, 17.5]) / [17, 20, 15], axis=-1) < 1
    affine = np.diag([4.0, 4.0, 4.0, 1.0])
    affine[:3, 3] = [-80, -92, -72]
    images = {}
    for number, sequence in enumerate(MRSequence):
        noise = np.random.default_rng(number).normal(0, 10, brain.shape)
        array = np.where(brain, 100 + 20 * number + noise + grid[..., 1], 0).astype(np.float32)
        images[sequence] = Image(array, affine, source=f"textured {sequence}")
    return Study("textured", images)


@pytest.fixture
def textured_labels(textured_study: Study) -> LabelMap:
    """Give its tumor on the left: a ball of edema, in it a ball that enhances; no necrosis."""
    grid = np.moveaxis(np.indices(textured_study.reference.array.shape), 0, -1)
    radius = np.linalg.norm(grid - [12, 22, 18], axis=-1)
    labels = np.where(radius <= 6, np.uint8(Label.EDEMA), np.uint8(0))
    labels[radius <= 3] = Label.ENHANCING
    return LabelMap(labels, textured_study.reference.affine)
