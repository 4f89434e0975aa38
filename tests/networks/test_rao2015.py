"""Network of three planes, and the patches it sees."""

import pytest
import torch

from gliokit.networks.rao2015 import TriplanarNet, padded_for_patches, triplanar_patches


@pytest.fixture
def network() -> TriplanarNet:
    torch.manual_seed(0)
    return TriplanarNet().eval()


@pytest.fixture
def volume() -> torch.Tensor:
    return torch.arange(9 * 10 * 11, dtype=torch.float32).reshape(9, 10, 11) + 1


def test_default_size_has_the_parameters_of_its_layers(network):
    convolutions = (3 * 32 * 25 + 32) + (32 * 64 * 25 + 64)
    linear = (64 * 5 * 5 * 128 + 128) + (128 * 5 + 5)
    assert sum(p.numel() for p in network.parameters()) == convolutions + linear


def test_logits_come_of_the_features(network):
    x = torch.randn(6, 3, 32, 32)
    features = network.features(x)
    assert features.shape == (6, 128)
    assert (features >= 0).all()
    torch.testing.assert_close(network(x), network.output(features))


def test_every_parameter_learns(network):
    network(torch.randn(8, 3, 32, 32)).square().sum().backward()
    assert all(p.grad.any() for p in network.parameters())


@pytest.mark.parametrize(("side", "kernel"), [(32, 5), (20, 3), (17, 5), (16, 3)])
def test_sizes_are_arguments(side, kernel):
    network = TriplanarNet(3, side=side, widths=(4, 6), hidden=7, kernel=kernel)
    x = torch.randn(2, 3, side, side)
    assert network(x).shape == (2, 3)
    assert network.features(x).shape == (2, 7)


def test_dropout_acts_in_training_only():
    network = TriplanarNet(dropout=0.5)
    x = torch.randn(4, 3, 32, 32)
    assert not torch.equal(network(x), network(x))
    network.eval()
    assert torch.equal(network(x), network(x))


@pytest.mark.parametrize("side", [4, 5])
def test_patches_are_the_three_planes_through_the_voxel(volume, side):
    x, y, z = 4, 5, 6
    before, after = side // 2, (side + 1) // 2
    patches = triplanar_patches(
        padded_for_patches(volume, side), torch.tensor([[x, y, z]]), side=side
    )
    across_x, across_y, across_z = (slice(i - before, i + after) for i in (x, y, z))
    assert torch.equal(patches[0, 0], volume[across_x, across_y, z])
    assert torch.equal(patches[0, 1], volume[x, across_y, across_z])
    assert torch.equal(patches[0, 2], volume[across_x, y, across_z])


def test_every_voxel_is_in_the_middle_of_its_patches(volume):
    voxels = torch.cartesian_prod(*(torch.arange(n) for n in volume.shape))
    patches = triplanar_patches(padded_for_patches(volume, 6), voxels, side=6)
    assert patches.shape == (990, 3, 6, 6)
    assert torch.equal(patches[:, :, 3, 3], volume.flatten()[:, None].expand(-1, 3))


def test_beyond_the_volume_is_zero(volume):
    patches = triplanar_patches(padded_for_patches(volume, 6), torch.tensor([[0, 0, 0]]), side=6)
    assert not patches[0, :, :3].any()
    assert not patches[0, :, :, :3].any()
    assert patches[0, :, 3:, 3:].all()
