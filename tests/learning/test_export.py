"""A U-Net as OpenVINO runs it: the same weights by name, the same answer."""

import numpy as np
import openvino as ov
import pytest
import torch

from gliokit.bundles.weights import read_weights
from gliokit.learning.export import write_ir
from gliokit.networks.unet import UNet


@pytest.mark.parametrize("taught", [False, True])  # untaught, some weights are 0 and 1
def test_the_written_network_answers_as_the_trained_one(tmp_path, taught):
    torch.manual_seed(0)
    network = UNet(4, 4, widths=(4, 8, 8))
    for weight in network.parameters() if taught else ():
        torch.nn.init.normal_(weight, std=0.3)
    write_ir(network, tmp_path / "coarse.xml")
    kept = read_weights(tmp_path / "coarse.xml")
    assert kept.keys() == network.state_dict().keys()
    x = torch.randn(1, 4, 8, 16, 12)
    core = ov.Core()
    exact = {"INFERENCE_PRECISION_HINT": "f32"}
    compiled = core.compile_model(core.read_model(tmp_path / "coarse.xml"), "CPU", exact)
    with torch.no_grad():
        assert np.allclose(compiled(x.numpy())[0], network(x).numpy(), atol=1e-3)
