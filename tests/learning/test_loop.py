"""Training: it learns, and a killed run goes on as if nothing had happened."""

import copy

import pytest
import torch
from torch.optim.swa_utils import AveragedModel

from gliokit.core.errors import CheckpointError
from gliokit.learning.checkpoint import TrainingState, load_checkpoint, save_checkpoint
from gliokit.learning.loop import Stepping, train
from gliokit.learning.losses import region_loss
from gliokit.networks.unet import UNet


def new_state() -> TrainingState:
    torch.manual_seed(0)
    network = UNet(1, 1, widths=(4, 8))
    return TrainingState(
        network, AveragedModel(network), torch.optim.AdamW(network.parameters(), lr=1e-2)
    )


def batches(first: int, last: int):
    for step in range(first, last):
        x = torch.randn(1, 1, 8, 8, 8, generator=torch.Generator().manual_seed(step))
        yield x, (x > 0.5).float()


def run(state: TrainingState, first: int, last: int) -> list[float]:
    steps = train(state.network, batches(first, last), region_loss, optimizer=state.optimizer)
    losses = []
    for loss in steps:
        state.kept.update_parameters(state.network)
        losses.append(loss)
    return losses


def test_loss_falls_on_a_task_that_can_be_learned():
    losses = run(new_state(), 0, 60)
    assert sum(losses[-5:]) < 0.7 * sum(losses[:5])


def test_a_resumed_run_ends_with_the_same_weights(tmp_path):
    whole, killed, resumed = new_state(), new_state(), new_state()
    run(whole, 0, 6)
    run(killed, 0, 3)
    save_checkpoint(tmp_path / "c.safetensors", killed, facts={"step": 3}, run="a")
    assert load_checkpoint(tmp_path / "c.safetensors", resumed, run="a") == {"step": 3}
    run(resumed, 3, 6)
    for part in ("network", "kept"):
        expected = getattr(whole, part).state_dict()
        found = getattr(resumed, part).state_dict()
        assert all(torch.equal(found[name], expected[name]) for name in expected)


def test_checkpoint_of_another_run_is_refused(tmp_path):
    state = new_state()
    save_checkpoint(tmp_path / "c.safetensors", state, facts={"step": 1}, run="a")
    with pytest.raises(CheckpointError, match=r"belongs to another run \(a\), this one is b"):
        load_checkpoint(tmp_path / "c.safetensors", state, run="b")


def test_mixed_precision_keeps_the_weights_in_float32():
    state = new_state()
    before = copy.deepcopy(state.network.state_dict())
    list(
        train(
            state.network,
            batches(0, 2),
            region_loss,
            optimizer=state.optimizer,
            how=Stepping(precision=torch.bfloat16),
        )
    )
    after = state.network.state_dict()
    assert all(value.dtype == torch.float32 for value in after.values())
    assert any(not torch.equal(after[name], before[name]) for name in before)
