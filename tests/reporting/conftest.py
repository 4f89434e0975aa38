"""A small head with one tumor on the patient's right, and its findings."""

from dataclasses import dataclass

import numpy as np
import pytest

from gliokit.core.findings import (
    Diameter,
    Findings,
    Input,
    LabelVolume,
    Lesion,
    Model,
    Quantity,
    RegionVolume,
)
from gliokit.core.geometry import axis_codes, canonical_axes, spacing_mm, to_world, voxel_volume_mm3
from gliokit.core.image import Image, LabelMap, region_mask
from gliokit.core.study import Study
from gliokit.core.vocabulary import Label, MRSequence, Region, Side

SHAPE = (48, 56, 24)
AFFINE = np.array([[1.0, 0, 0, -24], [0, 1, 0, -28], [0, 0, 2, -24], [0, 0, 0, 1]])
# right, front, upper part of the head, in voxels of the RAS grid
EDEMA = np.s_[30:44, 34:50, 12:20]
CORE = np.s_[32:42, 36:46, 13:18]
NECROSIS = np.s_[35:39, 39:43, 14:17]
DIRECTIONS = {"R": (0, 1), "L": (0, -1), "A": (1, 1), "P": (1, -1), "S": (2, 1), "I": (2, -1)}


@dataclass(frozen=True)
class Case:
    """What a report is made of."""

    findings: Findings
    study: Study
    labels: LabelMap


@pytest.fixture
def tumor():
    """Give the labels of the small tumor, on a RAS grid."""
    labels = np.zeros(SHAPE, dtype=np.uint8)
    labels[EDEMA] = Label.EDEMA
    labels[CORE] = Label.ENHANCING
    labels[NECROSIS] = Label.NECROTIC_CORE
    return labels


@pytest.fixture
def make_case(tumor):
    """Give a function that makes a case of labels, stored in some orientation."""

    def make(labels=None, *, sequences=tuple(MRSequence), codes="RAS"):
        labels = tumor if labels is None else labels
        array, affine = stored(labels, codes)
        label_map = LabelMap(array, affine, source="DOE_JANE_seg.nii.gz")
        images = {
            sequence: Image(stored(_head(number), codes)[0], affine, "DOE_JANE.nii.gz", "ab" * 32)
            for number, sequence in enumerate(sequences)
        }
        study = Study("P-007", images)
        return Case(_findings(study, label_map), study, label_map)

    return make


@pytest.fixture
def case(make_case):
    """Give the plain case: four sequences, one tumor, RAS."""
    return make_case()


def stored(array, codes):
    """Store a RAS array (X, Y, Z) in another orientation, and say where it then lies."""
    axes, signs = zip(*(DIRECTIONS[code] for code in codes), strict=True)
    turned = array.transpose(axes)[tuple(slice(None, None, sign) for sign in signs)]
    turn = np.eye(4)
    turn[:3, :3] = 0
    for axis, (world, sign) in enumerate(zip(axes, signs, strict=True)):
        turn[world, axis] = sign
        turn[world, 3] = 0 if sign > 0 else array.shape[world] - 1
    return np.ascontiguousarray(turned), AFFINE @ turn


def _head(number):
    rng = np.random.default_rng(number)
    head = np.zeros(SHAPE, dtype=np.float32)
    head[4:44, 4:52, 2:22] = rng.uniform(80, 120, size=(40, 48, 20))
    head[CORE] += 100
    return head


def _findings(study, labels):
    return Findings(
        study_id=study.study_id,
        created="2025-06-01T12:30:00+00:00",
        gliokit_version="0.1.0",
        inputs=tuple(
            Input(
                sequence,
                image.sha256,
                image.grid.shape,
                tuple(spacing_mm(image.affine).tolist()),
                axis_codes(image.affine),
            )
            for sequence, image in study.images.items()
        ),
        missing=tuple(study.missing),
        model=Model("small", "1.2", "cd" * 32, "cpu", "bf16"),
        options=(("minimum_lesion_ml", "0.1"),),
        volumes_by_label=tuple(
            LabelVolume(label, *_size(labels, labels.array == label)) for label in list(Label)[1:]
        ),
        volumes_by_region=tuple(
            RegionVolume(region, *_size(labels, region_mask(labels.array, region)))
            for region in Region
        ),
        lesions=tuple(_lesions(labels)),
        minimum_lesion_ml=Quantity(0.1, "mL"),
        warnings=(),
        not_assessed=(),
        software=(("numpy", "2.0"),),
    )


def _size(labels, mask):
    voxels = int(np.count_nonzero(mask))
    return voxels, Quantity(voxels * voxel_volume_mm3(labels.affine) / 1000, "mL")


def _lesions(labels):
    axes, flipped = canonical_axes(labels.affine)
    height = labels.array.shape[axes[2]]
    for region in (Region.WHOLE_TUMOR, Region.TUMOR_CORE, Region.ENHANCING_TUMOR):
        mask = region_mask(labels.array, region)
        if not mask.any():
            continue
        voxels, volume = _size(labels, mask)
        yield Lesion(
            name=f"{region}-1",
            region=region,
            voxels=voxels,
            volume=volume,
            enhancing_volume=_size(labels, labels.array == Label.ENHANCING)[1],
            center_mm=tuple(to_world(labels.affine, np.argwhere(mask).mean(axis=0)).tolist()),
            side=Side.RIGHT,
            slice_axis=axes[2],
            slice_index=height - 1 - 15 if flipped[2] else 15,
            # across the core at its middle, from pixel edge to pixel edge
            longest=Diameter(Quantity(10.0, "mm"), (7.5, 13.0, 6.0), (17.5, 13.0, 6.0)),
            perpendicular=Diameter(Quantity(9.5, "mm"), (12.0, 8.0, 6.0), (12.0, 17.5, 6.0)),
            product=Quantity(95.0, "mm2"),
        )
