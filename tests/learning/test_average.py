"""The running average of weights, by closed form."""

import pytest
import torch
from torch import nn

from gliokit.learning.average import running_average


def test_it_follows_fast_at_first_and_slowly_later():
    network = nn.Linear(1, 1, bias=False)
    average = running_average(network, 0.5)
    expected = 0.0
    for step in range(30):
        with torch.no_grad():
            network.weight.fill_(float(step))
        average.update_parameters(network)
        share = min(0.5, (1 + step) / (10 + step))
        expected = share * expected + (1 - share) * step if step else 0.0
        assert average.module.weight.item() == pytest.approx(expected, abs=1e-5)
