"""What every network must do."""

import pytest
import torch

from gliokit.networks.catalogue import ARCHITECTURES
from gliokit.networks.unet import UNet


@pytest.fixture(params=ARCHITECTURES.values(), ids=ARCHITECTURES)
def network(request):
    torch.manual_seed(0)
    return request.param(in_channels=4, out_channels=3)


def test_logits_have_the_shape_of_the_input(network):
    side = 2 * network.stride
    with torch.inference_mode():
        assert network(torch.zeros(1, 4, side, side, side)).shape == (1, 3, side, side, side)


def test_every_parameter_gets_a_gradient(network):
    side = 2 * network.stride
    network(torch.randn(1, 4, side, side, side)).sum().backward()
    assert all(p.grad is not None for p in network.parameters())


@pytest.mark.parametrize(
    ("widths", "expected"),
    [((16, 32, 64, 96, 128), 2_757_187), ((16, 32, 64, 96), 1_137_251)],
    ids=["coarse", "fine"],
)
def test_shipped_unets_have_the_stated_number_of_parameters(widths, expected):
    network = UNet(4, 3, widths=widths)
    assert sum(p.numel() for p in network.parameters()) == expected
