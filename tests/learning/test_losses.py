"""Losses against closed forms."""

import pytest
import torch

from gliokit.learning.losses import region_loss, soft_dice_loss

SURE = 40.0  # a logit at which the sigmoid is 1 to float precision


def regions(size: int) -> torch.Tensor:
    mask = torch.zeros(1, 1, 8, 8, 8)
    mask[..., :size] = 1
    return mask


def test_perfect_answer_has_no_loss():
    reference = regions(3)
    assert region_loss(SURE * (2 * reference - 1), reference).item() == pytest.approx(0, abs=1e-6)


def test_empty_reference_and_empty_answer_have_no_loss():
    assert soft_dice_loss(torch.full((1, 1, 8, 8, 8), -SURE), regions(0)).item() == 0


def test_half_overlap_gives_one_minus_its_dice():
    answer = SURE * (2 * regions(2) - 1)
    expected = 1 - (2 * 128 + 1) / (128 + 256 + 1)  # 128 of 256 voxels found, none false
    assert soft_dice_loss(answer, regions(4)).item() == pytest.approx(expected, abs=1e-5)
