"""Half-stacks: what they hold, and where it lies."""

import numpy as np
import pytest

from gliokit.analysis.leak_lesson import HalfStacks, half_stack
from gliokit.core.cohort import Cohort, check_rows
from gliokit.core.geometry import spacing_mm, to_world
from gliokit.core.image import LabelMap


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 2, 0)])
@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("half", [0, 1])
def test_every_voxel_stays_where_it_was_in_the_patient(order, sign, half):
    axis = order.index(2)  # the voxel axis that runs along S
    affine = np.eye(4)
    affine[:3, :3] = 0
    for own, world in enumerate(order):
        affine[world, own] = (sign if world == 2 else 1) * (own + 1.0)
    affine[:3, 3] = [5, -3, 2]
    array = np.arange(4 * 5 * 6, dtype=np.float32).reshape(4, 5, 6)
    halved, moved = half_stack(array, affine, half)
    assert spacing_mm(moved)[axis] == 2 * spacing_mm(affine)[axis]
    voxel = [1, 1, 1]
    whole = list(voxel)
    whole[axis] = 2 * voxel[axis] + half
    assert halved[tuple(voxel)] == array[tuple(whole)]
    assert np.allclose(to_world(moved, voxel), to_world(affine, whole))


def test_both_halves_together_are_the_whole():
    array = np.random.default_rng(0).normal(size=(3, 4, 7)).astype(np.float32)
    even, odd = (half_stack(array, np.eye(4), half)[0] for half in (0, 1))
    joined = np.empty_like(array)
    joined[..., ::2], joined[..., 1::2] = even, odd
    assert np.array_equal(joined, array)


@pytest.fixture
def halves(bright_study):
    rows = check_rows([{"patient_id": "p", "study_id": "p-0", "t1c": "x"}], source="table")
    labels = LabelMap((bright_study.reference.array == 200).astype(np.uint8), np.eye(4))
    return HalfStacks(Cohort(rows, lambda row: bright_study, lambda row: labels))


def test_half_stacks_share_their_patient_unless_they_are_mixed(halves):
    assert [(r.patient_id, r.study_id) for r in halves.rows(mixed=False)] == [
        ("p", "p-0-even"),
        ("p", "p-0-odd"),
    ]
    assert [r.patient_id for r in halves.rows(mixed=True)] == ["p-0-even", "p-0-odd"]


def test_images_and_labels_are_halved_alike(halves, bright_study):
    row = halves.rows(mixed=True)[1]
    study = halves.load(row)
    assert study.study_id == "p-0-odd"
    odd = bright_study.reference.array[:, :, 1::2]
    assert np.array_equal(study.reference.array, odd)
    assert np.array_equal(halves.load_labels(row).array, odd == 200)
