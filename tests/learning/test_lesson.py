"""One lesson: it learns, goes on where it was stopped, and ends when it should."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import mse_loss

from gliokit.core.errors import CheckpointError
from gliokit.core.system import TrainingRun
from gliokit.learning.lesson import Lesson, teach
from gliokit.learning.log import LOG
from gliokit.learning.settings import Decay, Optimizer, Regularization, Schedule

SCHEDULE = Schedule(steps=12, batch=4, learning_rate=0.02, validate_every=3, mixed=False)


class KilledError(Exception):
    """What stands for the end of a process."""


def new_network(*, dropout: float = 0.0) -> nn.Module:
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(3, 16), nn.Tanh(), nn.Dropout(dropout), nn.Linear(16, 1))


def draw(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Give a point and the product of its first two coordinates."""
    x = rng.normal(size=3).astype(np.float32)
    return x, x[:1] * x[1:2]


def score(network: nn.Module) -> float:
    x, y = zip(*(draw(np.random.default_rng([7, n])) for n in range(64)), strict=True)
    return -mse_loss(network(torch.tensor(np.array(x))), torch.tensor(np.array(y))).item()


def lesson(schedule: Schedule = SCHEDULE, **settings) -> Lesson:
    return Lesson("part", draw, mse_loss, schedule, **settings)


def weights(network: nn.Module) -> torch.Tensor:
    return torch.cat([p.detach().ravel() for p in network.parameters()])


def logged(run: TrainingRun, column: str) -> list[str]:
    header, *rows = (run.folder / "part" / LOG).read_text().splitlines()
    place = header.split(",").index(column)
    return [row.split(",")[place] for row in rows]


def killed_after(steps: int):
    def report(progress):
        if progress.step == steps:
            raise KilledError

    return report


def test_it_learns():
    network = new_network()
    before = score(network)
    teach(network, lesson(replace(SCHEDULE, steps=150)), TrainingRun())
    assert score(network) > 0.5 * before
    assert not network.training


@pytest.mark.parametrize("validated", [False, True])
@pytest.mark.parametrize("average", [0.0, 0.9])
@pytest.mark.parametrize("optimizer", list(Optimizer))
def test_a_killed_training_ends_with_the_same_weights(tmp_path, validated, average, optimizer):
    schedule = replace(
        SCHEDULE,
        average=average,
        optimizer=optimizer,
        accumulate=2,
        decay=Decay.COSINE,
        warmup=3,
        momentum_end=0.5,
    )
    taught = lesson(schedule, validate=score if validated else None)
    whole, killed, resumed = (new_network(dropout=0.3) for _ in range(3))
    teach(whole, taught, TrainingRun())
    # after step 6 the checkpoint was written, step 7 and 8 must be taken again
    with pytest.raises(KilledError):
        teach(killed, taught, TrainingRun(folder=tmp_path, report=killed_after(8)))
    torch.manual_seed(99)  # another process: nothing is left of the random numbers
    run = TrainingRun(folder=tmp_path)
    teach(resumed, taught, run)
    assert torch.equal(weights(resumed), weights(whole))
    assert logged(run, "step") == [str(step) for step in range(1, 13)]


def test_a_finished_training_is_not_taken_up_again(tmp_path):
    run = TrainingRun(folder=tmp_path)
    first, second = new_network(), new_network()
    teach(first, lesson(), run)
    steps = []
    teach(second, lesson(), replace(run, report=lambda progress: steps.append(progress.step)))
    assert not steps
    assert torch.equal(weights(first), weights(second))


@pytest.mark.parametrize("change", ["data", "seed", "schedule"])
def test_the_checkpoint_of_another_training_is_refused(tmp_path, change):
    teach(new_network(), lesson(), TrainingRun(folder=tmp_path))
    seed = 1 if change == "seed" else 0
    other = lesson(replace(SCHEDULE, clip=1.0) if change == "schedule" else SCHEDULE)
    other = replace(other, data="others") if change == "data" else other
    with pytest.raises(CheckpointError, match="belongs to another run"):
        teach(new_network(), other, TrainingRun(folder=tmp_path, seed=seed))


@pytest.mark.parametrize("workers", [1, 3])
def test_threads_that_draw_ahead_draw_the_same_examples(workers):
    alone, helped = new_network(), new_network()
    teach(alone, lesson(), TrainingRun())
    teach(helped, lesson(), TrainingRun(workers=workers))
    assert torch.equal(weights(alone), weights(helped))


def test_the_best_weights_are_kept():
    scores = iter([1.0, 3.0, 2.0, 0.0])
    seen = []

    def judge(network):
        seen.append(weights(network).clone())
        return next(scores)

    network = new_network()
    teach(network, lesson(validate=judge), TrainingRun())
    assert torch.equal(weights(network), seen[1])


def test_it_ends_when_patience_is_at_its_end():
    scores = iter([1.0, 0.9, 0.8, 2.0, 1.9, 1.8, 1.7])
    steps = []
    schedule = replace(SCHEDULE, steps=90, regularization=Regularization(patience=3))
    run = TrainingRun(report=lambda progress: steps.append(progress.step))
    teach(new_network(), lesson(schedule, validate=lambda network: next(scores)), run)
    assert steps[-1] == 7 * SCHEDULE.validate_every


def test_a_time_limit_ends_it_with_weights_that_were_judged():
    judged, progress = [], []
    schedule = replace(SCHEDULE, steps=10**6, validate_every=10**5, decay=Decay.COSINE)

    def judge(network):
        judged.append(weights(network).clone())
        return 1.0

    network = new_network()
    run = TrainingRun(minutes=0.3 / 60, report=progress.append)
    teach(network, lesson(schedule, validate=judge), run)
    assert 1 <= progress[-1].step < 10**5
    assert progress[-1].seconds_left == 0
    assert len(judged) == 1
    assert torch.equal(weights(network), judged[0])


def test_accumulated_batches_are_one_large_batch():
    one, other = new_network(), new_network()
    teach(one, lesson(replace(SCHEDULE, batch=8)), TrainingRun())
    teach(other, lesson(replace(SCHEDULE, batch=2, accumulate=4)), TrainingRun())
    assert torch.allclose(weights(one), weights(other), atol=1e-5)
    assert not torch.allclose(weights(one), weights(new_network()), atol=1e-3)


def test_what_is_not_to_learn_stays_bit_for_bit():
    network = new_network()
    lower, upper = (network[n].weight.detach().clone() for n in (0, 3))
    teach(network, lesson(trainable=list(network[3].parameters())), TrainingRun())
    assert torch.equal(network[0].weight, lower)
    assert not torch.equal(network[3].weight, upper)


def test_weights_can_be_bounded_after_each_step():
    def bound(network):
        for parameter in network.parameters():
            parameter.clamp_(-0.1, 0.1)

    network = new_network()
    teach(network, lesson(after_step=bound), TrainingRun())
    assert weights(network).abs().max() <= 0.1


def nothing_to_learn(outputs: torch.Tensor, reference: torch.Tensor) -> torch.Tensor:
    return 0 * outputs.sum()


@pytest.mark.parametrize("penalty", ["l1", "l2"])
def test_a_penalty_shrinks_weights_step_by_step_but_not_biases(penalty):
    schedule = replace(
        SCHEDULE,
        steps=1,
        optimizer=Optimizer.SGD,
        regularization=Regularization(**{penalty: 0.1}),
    )
    network = new_network()
    shrinking = Lesson("part", draw, nothing_to_learn, schedule)
    biases = network[0].bias.detach().clone()
    power = int(penalty[1])
    norms = [network[0].weight.norm(power).item()]
    for _ in range(10):
        teach(network, shrinking, TrainingRun())
        norms.append(network[0].weight.norm(power).item())
    assert all(after < before for before, after in pairwise(norms))
    assert torch.equal(network[0].bias, biases)


def test_the_log_has_the_rate_and_score_of_each_step(tmp_path):
    run = TrainingRun(folder=tmp_path)
    schedule = replace(SCHEDULE, decay=Decay.STEPWISE, decay_every=0.5)
    teach(new_network(), lesson(schedule, validate=score), run)
    assert [float(rate) for rate in logged(run, "rate")] == [0.02] * 6 + [0.002] * 6
    assert [bool(value) for value in logged(run, "score")] == [False, False, True] * 4
