"""Hierarchical densely connected network."""

import pytest
import torch

from gliokit.networks.chen2018 import (
    DENSE_48,
    PLAIN,
    DenseSizes,
    HierarchicalDenseNet,
    PlainNet,
)

TINY = DenseSizes(stem=4, growths=(2, 2), sides=(5, 6))
TINY_PLAIN = DenseSizes(stem=4, growths=(2, 2), dense=False)
REACH = 13


def parameters(network: torch.nn.Module) -> int:
    return sum(p.numel() for p in network.parameters())


def tiny(sizes: DenseSizes = TINY, **options) -> HierarchicalDenseNet:
    """Make a small network whose batch normalization is not the identity."""
    torch.manual_seed(0)
    network = HierarchicalDenseNet(4, sizes=sizes, **options)
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm3d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 2)
    return network.eval()


@pytest.fixture(params=[TINY, TINY_PLAIN], ids=["dense", "plain"])
def sizes(request):
    return request.param


def test_paper_size_has_the_published_number_of_parameters():
    assert parameters(HierarchicalDenseNet()) == 786_974


def test_biases_are_in_stem_and_heads_alone():
    convolutions = {
        name
        for name, module in HierarchicalDenseNet(sizes=TINY).named_modules()
        if isinstance(module, torch.nn.Conv3d) and module.bias is not None
    }
    assert convolutions == {
        *(f"{net}.stem" for net in ("tumor", "composition")),
        *(f"{kind}_heads.{i}" for kind in ("tumor", "class") for i in range(2)),
    }


def test_wide_variant_has_the_widths_of_the_source():
    network = HierarchicalDenseNet(sizes=DENSE_48)
    near, far = (block[-1].convolution for block in network.tumor.blocks)
    assert (near.in_channels + near.out_channels, far.in_channels + far.out_channels) == (120, 264)
    assert [h.in_channels for h in network.class_heads] == [384, 672]


def test_plain_variant_has_the_widths_of_the_source():
    net = PlainNet(PLAIN, padded=True)
    assert [layer[0].out_channels for layer in net.near] == [24, 36, 48, 60, 72, 84, 96]
    assert [layer[0].out_channels for layer in net.far] == [108, 120, 132, 144, 156, 168]


def test_logits_have_the_size_of_the_input(sizes):
    tumor, classes = tiny(sizes)(torch.randn(2, 4, 9, 10, 11))
    assert tumor.shape == (2, 2, 9, 10, 11)
    assert classes.shape == (2, 4, 9, 10, 11)


def unsilenced(network: HierarchicalDenseNet) -> HierarchicalDenseNet:
    """Make all weights positive, so that no activation hides what a voxel sees."""
    for module in network.modules():
        if isinstance(module, torch.nn.Conv3d):
            module.weight.data.abs_()
        if isinstance(module, torch.nn.BatchNorm3d):
            module.reset_running_stats()
    return network.double()


def span_seen(output: torch.Tensor, x: torch.Tensor, axis: int) -> list[int]:
    """Give first and last index of x (1, C, X, Y, Z), along an axis, that an output feels."""
    (gradient,) = torch.autograd.grad(output.sum(), x, retain_graph=True)
    felt = gradient[0].abs().sum(dim=0).nonzero()[:, axis]
    return [int(felt.min()), int(felt.max())]


def rod(channels: int, length: int, axis: int) -> torch.Tensor:
    """Make a volume that is long along one axis."""
    shape = [3, 3, 3]
    shape[axis] = length
    return torch.rand(1, channels, *shape, dtype=torch.float64, requires_grad=True)


@pytest.mark.parametrize("axis", range(3))
def test_a_voxel_sees_thirteen_voxels_to_each_side_and_no_more(sizes, axis):
    network = unsilenced(tiny(sizes))
    assert network.reach == REACH
    x = rod(4, 31, axis)
    for logits in network(x):
        assert span_seen(logits.select(2 + axis, 15), x, axis) == [2, 28]


@pytest.mark.parametrize("axis", range(3))
def test_the_nearer_output_sees_seven_voxels_to_each_side_and_no_more(sizes, axis):
    network = unsilenced(tiny(sizes))
    x = rod(2, 19, axis)
    near, _ = network.tumor(x)
    assert span_seen(near.select(2 + axis, 9), x, axis) == [2, 16]


def test_unpadded_convolutions_give_the_central_voxels(sizes):
    padded, unpadded = tiny(sizes), tiny(sizes, padded=False)
    unpadded.load_state_dict(padded.state_dict())
    x = torch.randn(1, 4, 32, 32, 32)
    with torch.inference_mode():
        for whole, middle in zip(padded(x), unpadded(x), strict=True):
            assert middle.shape[2:] == (6, 6, 6)
            wanted = whole[..., 13:19, 13:19, 13:19]
            torch.testing.assert_close(middle, wanted, rtol=1e-4, atol=1e-5)


def test_a_large_tile_gives_what_small_tiles_give():
    network = tiny(padded=False)
    x = torch.randn(1, 4, 36, 34, 32)
    with torch.inference_mode():
        _, whole = network(x)
        _, tile = network(x[..., 3:33, 2:32, 1:31])
        torch.testing.assert_close(whole[..., 3:7, 2:6, 1:5], tile, rtol=1e-4, atol=1e-5)


def test_first_net_sees_t2_and_flair_and_second_net_all():
    network = tiny(padded=False)
    x = torch.randn(1, 4, 27, 27, 27)
    with torch.inference_mode():
        before = network(x)
        for sequence in range(4):
            changed = x.clone()
            changed[:, sequence] += 1
            tumor, classes = network(changed)
            assert torch.equal(tumor, before[0]) == (sequence < 2)
            assert not torch.equal(classes, before[1])


def test_without_features_of_the_first_net_the_classes_do_not_see_t2_and_flair():
    network = tiny(padded=False, first_network_features=False)
    x = torch.randn(1, 4, 27, 27, 27)
    changed = x.clone()
    changed[:, 2:] += 1
    with torch.inference_mode():
        assert torch.equal(network(x)[1], network(changed)[1])
        assert not torch.equal(network(x)[0], network(changed)[0])


def test_every_parameter_learns(sizes):
    network = tiny(sizes, padded=False).train()
    tumor, classes = network(torch.randn(1, 4, 28, 28, 28))
    (tumor.square().sum() + classes.square().sum()).backward()
    assert all(p.grad.any() for p in network.parameters())


def test_dropout_acts_in_training_only():
    network = tiny(padded=False, dropout=0.5)
    x = torch.randn(1, 4, 27, 27, 27)
    network.dropout.train()
    with torch.no_grad():
        assert not torch.equal(network(x)[1], network(x)[1])
        network.eval()
        assert torch.equal(network(x)[1], network(x)[1])
