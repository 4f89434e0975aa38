"""Weights on disk, and those of another network."""

import pytest
import torch

from gliokit.core.errors import BundleError
from gliokit.learning.weights import read_network, take_over, write_network
from gliokit.networks.unet import UNet


def test_weights_are_read_as_they_were_written(tmp_path):
    one, other = UNet(2, 1, widths=(4, 8)), UNet(2, 1, widths=(4, 8))
    write_network(tmp_path / "w.safetensors", one)
    read_network(tmp_path / "w.safetensors", other)
    assert all(torch.equal(v, other.state_dict()[n]) for n, v in one.state_dict().items())
    assert not other.training


@pytest.mark.parametrize("found", ["another network", "no file"])
def test_the_weights_of_another_network_are_refused(tmp_path, found):
    if found == "another network":
        write_network(tmp_path / "w.safetensors", UNet(2, 1, widths=(4, 8, 8)))
    with pytest.raises(BundleError, match="does not hold the weights of this UNet"):
        read_network(tmp_path / "w.safetensors", UNet(2, 1, widths=(4, 8)))


def test_a_smaller_network_takes_over_the_first_channels_of_a_larger_one():
    large, small = UNet(4, 3, widths=(4, 8, 12)), UNet(4, 4, widths=(4, 8, 8))
    take_over(small, large.state_dict())
    ours, theirs = small.state_dict(), large.state_dict()
    assert torch.equal(ours["down.1.3.weight"], theirs["down.1.3.weight"][:8, :8])
    assert torch.equal(ours["head.weight"][:3], theirs["head.weight"])
