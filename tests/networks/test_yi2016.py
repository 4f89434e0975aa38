"""Network of single voxels."""

import pytest
import torch

from gliokit.networks.yi2016 import VoxelNet


@pytest.fixture
def network() -> VoxelNet:
    torch.manual_seed(0)
    return VoxelNet().eval()


def test_paper_size_has_the_parameters_of_its_three_layers(network):
    expected = (36 * 64 + 64) + (64 * 32 + 32) + (32 * 5 + 5)
    assert sum(p.numel() for p in network.parameters()) == expected


def test_a_volume_gives_what_its_voxels_give(network):
    volume = torch.randn(2, 36, 3, 4, 5)
    rows = volume.movedim(1, -1).reshape(-1, 36)
    logits = network(volume)
    assert logits.shape == (2, 5, 3, 4, 5)
    torch.testing.assert_close(logits.movedim(1, -1).reshape(-1, 5), network(rows))


def test_layers_are_one_voxel_wide_convolutions(network):
    x = volume = torch.randn(1, 36, 3, 4, 5)
    for layer in network.layers:
        if isinstance(layer, torch.nn.Linear):
            x = torch.nn.functional.conv3d(x, layer.weight[:, :, None, None, None], layer.bias)
        else:
            x = layer(x)
    torch.testing.assert_close(network(volume), x, rtol=1e-4, atol=1e-5)


def test_the_order_of_voxels_does_not_matter(network):
    rows = torch.randn(50, 36)
    order = torch.randperm(50)
    torch.testing.assert_close(network(rows)[order], network(rows[order]))


def test_sizes_are_arguments():
    network = VoxelNet(10, 3, widths=(8, 7, 6))
    assert network(torch.randn(4, 10)).shape == (4, 3)
    assert VoxelNet(10, 3, widths=())(torch.randn(4, 10)).shape == (4, 3)


def test_dropout_acts_in_training_only(network):
    rows = torch.randn(5, 36)
    assert torch.equal(network(rows), network(rows))
    network.train()
    assert not torch.equal(network(rows), network(rows))
