"""Two-pathway network and its cascades."""

import pytest
import torch
from torch import nn

from gliokit.networks.havaei2017 import (
    PAPER,
    Cascade,
    CascadeNet,
    PathwaySizes,
    SlidingMax,
    TwoPathwayNet,
    WideConv2d,
)

TINY = PathwaySizes(local=(3, 4), wide=5, maxout=2)
SINGLE_PIECE = PathwaySizes(maxout=1)


def weights(network: nn.Module) -> int:
    """Count weights without biases."""
    return sum(p.numel() for p in network.parameters() if p.ndim > 1)


def tiny(where: Cascade | None = None) -> TwoPathwayNet | CascadeNet:
    torch.manual_seed(0)
    first = TwoPathwayNet(sizes=TINY, initial_range=0.05)
    return first if where is None else CascadeNet(first, where, sizes=TINY, initial_range=0.05)


@pytest.fixture(params=[None, *Cascade], ids=["alone", *Cascade])
def network(request):
    return tiny(request.param).eval()


def patch_of(network: TwoPathwayNet | CascadeNet) -> int:
    return sum(network.margins) + 1


def test_two_pathways_have_the_published_number_of_weights():
    assert weights(TwoPathwayNet(sizes=SINGLE_PIECE)) == 651_488


@pytest.mark.parametrize(
    ("where", "number"),
    [(Cascade.INPUT, 802_368), (Cascade.LOCAL, 654_368), (Cascade.OUTPUT, 662_513)],
)
def test_second_networks_have_the_published_number_of_weights(where, number):
    first = TwoPathwayNet(sizes=SINGLE_PIECE)
    assert weights(CascadeNet(first, where, sizes=SINGLE_PIECE).second) == number


@pytest.mark.parametrize(
    ("where", "patch"), [(Cascade.INPUT, 65), (Cascade.LOCAL, 56), (Cascade.OUTPUT, 53)]
)
def test_cascades_see_the_published_patch(where, patch):
    assert PAPER.patch == 33
    network = tiny(where)
    assert network.patch == patch_of(network) == patch
    assert network(torch.zeros(1, 4, patch, patch)).shape == (1, 5, 1, 1)


def test_a_padded_slice_gives_the_pixels_that_its_patches_give(network):
    torch.manual_seed(1)
    before, after = network.margins
    image = torch.randn(1, 4, 60, 52)
    padded = nn.functional.pad(image, (before, after, before, after))
    with torch.inference_mode():
        dense = network(padded)
        assert dense.shape == (1, 5, 60, 52)
        side = patch_of(network)
        for x, y in [(0, 0), (31, 17), (59, 51), (44, 3)]:
            single = network(padded[..., x : x + side, y : y + side])[..., 0, 0]
            torch.testing.assert_close(dense[..., x, y], single, rtol=1e-4, atol=1e-5)


def test_a_pixel_does_not_depend_on_what_lies_beyond_its_patch(network):
    torch.manual_seed(1)
    side = patch_of(network)
    image = torch.randn(1, 4, side + 2, side + 2)
    changed = image.clone()
    changed[..., 0, :] += 10
    changed[..., -1] += 10
    with torch.inference_mode():
        said = network(image)[..., 1, 1]
        torch.testing.assert_close(network(changed)[..., 1, 1], said, rtol=1e-4, atol=1e-5)
        changed[..., 1, :] += 10 * torch.randn(side + 2)
        assert (network(changed)[..., 1, 1] - said).abs().max() > 1e-3


def test_a_pixel_is_that_at_the_middle_of_its_patch():
    before, after = tiny().margins
    assert (before, after) == (16, 16)
    assert tiny(Cascade.INPUT).margins == (32, 32)
    assert tiny(Cascade.LOCAL).margins == (27, 28)
    assert tiny(Cascade.OUTPUT).margins == (26, 26)


def test_second_network_of_the_input_cascade_sees_the_probabilities_of_the_same_pixels():
    network = tiny(Cascade.INPUT)
    received = []
    network.second.register_forward_pre_hook(lambda _, given: received.extend(given))
    x = torch.randn(1, 4, 65, 65)
    network(x)
    image, probabilities = received
    assert torch.equal(image, x[..., 16:49, 16:49])
    one = network.first(x[..., 3:36, 5:38]).softmax(dim=1)[..., 0, 0]
    torch.testing.assert_close(probabilities[..., 3, 5], one)
    torch.testing.assert_close(probabilities.sum(dim=1), torch.ones(1, 33, 33))


@pytest.mark.parametrize("where", Cascade)
def test_training_a_cascade_leaves_the_first_network_as_it_was(where):
    network = tiny(where).train()
    assert not network.first.training
    before = {name: value.clone() for name, value in network.first.state_dict().items()}
    optimizer = torch.optim.SGD(network.trainable_parameters(), lr=1.0)
    network(torch.randn(2, 4, network.patch, network.patch)).square().sum().backward()
    optimizer.step()
    network.clamp_weights_(1e-4)
    assert all(torch.equal(before[name], p) for name, p in network.first.state_dict().items())
    assert all(p.grad is not None for p in network.trainable_parameters())
    assert all(p.grad is None for p in network.first.parameters())


def test_phase_two_trains_the_output_layer_alone(network):
    trained = {id(p) for p in network.output_parameters()}
    names = {name for name, p in network.named_parameters() if id(p) in trained}
    prefix = "second." if isinstance(network, CascadeNet) else ""
    assert names == {f"{prefix}output.weight", f"{prefix}output.bias"}


def test_an_untrained_network_says_the_class_frequencies():
    frequencies = [0.98, 0.0018, 0.011, 0.0012, 0.006]
    network = TwoPathwayNet(sizes=TINY, initial_range=0).eval()
    network.start_at_(frequencies)
    said = network(torch.randn(1, 4, 33, 33)).softmax(dim=1).flatten()
    torch.testing.assert_close(said, torch.tensor(frequencies), rtol=1e-5, atol=1e-7)


def test_weights_start_small_and_uniform_and_biases_at_zero():
    torch.manual_seed(0)
    network = TwoPathwayNet()
    weight = network.output.weight.detach()
    assert float(weight.abs().max()) <= 0.005
    assert float(weight.std()) == pytest.approx(0.005 / 3**0.5, rel=0.01)
    assert all(not p.any() for p in network.parameters() if p.ndim == 1)


def test_bounded_weights_stay_in_their_bounds():
    network = tiny()
    network.clamp_weights_(0.02)
    assert max(float(p.detach().abs().max()) for p in network.parameters()) == pytest.approx(0.02)


def test_dropout_acts_in_training_only():
    network = tiny()
    patch = torch.randn(1, 4, 33, 33)
    assert not torch.equal(network.train()(patch), network(patch))
    assert torch.equal(network.eval()(patch), network(patch))


def test_maxout_keeps_the_larger_piece():
    network = TwoPathwayNet(1, 2, sizes=PathwaySizes((1, 1), 1, maxout=2))
    x = torch.randn(1, 1, 40, 40)
    pieces = nn.functional.conv2d(x, network.first[0].weight)
    assert torch.equal(network.first(x), torch.maximum(pieces[:, :1], pieces[:, 1:]))


def test_sliding_maxima_are_those_of_pooling():
    x = torch.randn(2, 3, 17, 11)
    for width in (1, 2, 3, 4, 7):
        assert torch.equal(SlidingMax(width)(x), nn.functional.max_pool2d(x, width, stride=1))


def test_rows_of_a_kernel_sum_to_its_convolution():
    torch.manual_seed(0)
    layer = WideConv2d(6, 3, 9)
    x = torch.randn(2, 6, 47, 31)
    directly = nn.functional.conv2d(x, layer.weight, layer.bias)
    torch.testing.assert_close(layer(x), directly, rtol=1e-5, atol=1e-5)
