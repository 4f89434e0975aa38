"""One network taught to the end: schedule, validation, early stopping, checkpoints, log.

Example number `i` is drawn from (seed, i) alone and step `s` takes its own examples, so a run
that was stopped goes on with the same draws, and two processes with a batch of n are one with a
batch of 2 n. The random numbers of dropout follow (seed, step, process). One process validates,
writes, reports and says when to stop.

A time limit makes the schedule run through in that time: the result then depends on the machine.
"""

import copy
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from gliokit.core.errors import CheckpointError
from gliokit.core.system import Progress, TrainingRun
from gliokit.learning.average import running_average
from gliokit.learning.checkpoint import TrainingState, load_checkpoint, save_checkpoint
from gliokit.learning.device import mixed_precision, placed
from gliokit.learning.distributed import join_team
from gliokit.learning.draws import Draw, Draws, Share
from gliokit.learning.draws import Example as Example  # what a lesson draws
from gliokit.learning.log import TrainingLog
from gliokit.learning.loop import Loss, Stepping, train
from gliokit.learning.regularization import make_optimizer, penalized
from gliokit.learning.settings import Schedule

CHECKPOINT = "checkpoint.safetensors"


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """What a network is taught.

    Attributes
    ----------
    part : str
        Name of the network or phase; its folder in the run's folder.
    draw : callable
        Random generator to one example (x, y), without the batch axis.
    loss : callable
        Outputs and y, with the batch axis, to a scalar.
    schedule : Schedule
        How long and how fast.
    data : str
        Fingerprint of what `draw` and `validate` draw from: a checkpoint of other data is refused.
    settings : str
        What else decides how the network is made and what `draw` gives; likewise.
    validate : callable or None
        Network to a score, the higher the better. The best weights are kept, unless the schedule
        keeps their running average; then it only says when to stop.
    trainable : sequence of nn.Parameter or None
        What learns; by default everything.
    after_step : callable or None
        Called with the network after each step, to bound its weights for instance.
    """

    part: str
    draw: Draw = field(repr=False)
    loss: Loss = field(repr=False)
    schedule: Schedule
    data: str = ""
    settings: str = ""
    validate: Callable[[nn.Module], float] | None = field(default=None, repr=False)
    trainable: Sequence[nn.Parameter] | None = field(default=None, repr=False)
    after_step: Callable[[nn.Module], None] | None = field(default=None, repr=False)


def teach(network: nn.Module, lesson: Lesson, run: TrainingRun) -> None:
    """Train a network in place; it ends with the weights that are kept, in evaluation mode.

    Goes on from the checkpoint in the run's folder if there is one, and does nothing if that
    training has come to its end.

    Raises
    ------
    CheckpointError
        If the checkpoint is of other settings or other data.
    RuntimeError
        If a gradient is not finite.
    """
    for parameter in network.parameters():
        parameter.requires_grad_(lesson.trainable is None)
    for parameter in lesson.trainable or ():
        parameter.requires_grad_(True)
    pupil = _Pupil(network, lesson, run)
    for _ in pupil.steps():
        pass
    network.load_state_dict(pupil.kept_weights())
    network.eval()


class _Pupil:
    """A network in training: what one step needs to know of the steps before."""

    def __init__(self, network: nn.Module, lesson: Lesson, run: TrainingRun) -> None:
        self.lesson, self.run, self.schedule = lesson, run, lesson.schedule
        self.team = join_team(run.device)
        self.wrapped = self.team.wrapped(network.to(self.team.device))
        kept = (
            running_average(network, self.schedule.average)
            if self.schedule.average
            else copy.deepcopy(network)
        )
        self.state = TrainingState(network, kept, make_optimizer(network, self.schedule))
        self.step, self.seconds_before = 0, 0.0
        self.best, self.since_best = -math.inf, 0
        self.folder = run.folder / lesson.part if run.folder else None
        self.began = time.monotonic()
        if self.folder:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._resume(self.folder / CHECKPOINT)
        self.done = self._done()

    def steps(self) -> Iterator[float]:
        """Take the steps that are left; give the loss of each."""
        if self._ended():
            return
        log = TrainingLog(self.folder if self.team.leads else None, self.step)
        losses = train(
            self.wrapped,
            self._batches(),
            penalized(self.lesson.loss, self.state.network, self.schedule.regularization),
            optimizer=self.state.optimizer,
            how=self._stepping(),
        )
        with log:
            for own_loss in losses:
                loss, rate = self.team.mean(own_loss), self._rate()
                self.step += 1
                self.done = self._done()
                self._keep()
                score = self._validated()
                log.write(self.step, loss=loss, score=score, rate=rate)
                self._report(loss)
                yield loss
                if score is not None or self._ended():
                    self._save()
                if self._ended():
                    return

    def _stepping(self) -> Stepping:
        precision = mixed_precision(self.team.device.type) if self.schedule.mixed else torch.float32
        return Stepping(self.schedule.clip, precision, self.schedule.accumulate)

    def kept_weights(self) -> dict[str, Tensor]:
        """Give the weights that the training ends with; they are the same in every process."""
        kept = self.state.kept
        weights = (kept.module if isinstance(kept, AveragedModel) else kept).state_dict()
        self.team.share_weights(weights.values())
        return weights

    def _done(self) -> float:
        """Give the share of the training that is done, by steps or by time; one for all."""
        by_steps = self.step / self.schedule.steps
        if self.run.minutes is None:
            return by_steps
        by_time = self._seconds() / max(60 * self.run.minutes, 1e-9)
        return self.team.of_leader(max(by_steps, by_time))

    def _seconds(self) -> float:
        return self.seconds_before + time.monotonic() - self.began

    def _ended(self) -> bool:
        patience = self.schedule.regularization.patience
        enough = self.done >= 1 or bool(patience and self.since_best >= patience)
        return self.step > 0 and enough  # a network that learnt nothing must not answer

    def _rate(self) -> float:
        return float(self.state.optimizer.param_groups[0]["lr"])

    def _batches(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Give batch after batch; set rate, momentum and random numbers before each step."""
        schedule = self.schedule
        left = range(self.step * schedule.accumulate, schedule.steps * schedule.accumulate)
        share = Share(schedule.batch, self.team.rank, self.team.size)
        draws = Draws(self.lesson.draw, self.run.seed, share, left)
        for number, (x, y) in enumerate(draws.batches(threads=self.run.workers)):
            if number % schedule.accumulate == 0:
                self._prepare_step()
            yield placed(x), y

    def _prepare_step(self) -> None:
        torch.manual_seed(hash_of(self.run.seed, self.step, self.team.rank))
        for group in self.state.optimizer.param_groups:
            group["lr"] = self.schedule.rate(self.done, self.step)
            if "momentum" in group:
                group["momentum"] = self.schedule.momentum_at(self.done)

    @torch.no_grad()
    def _keep(self) -> None:
        if self.lesson.after_step:
            self.lesson.after_step(self.state.network)
        if isinstance(self.state.kept, AveragedModel):
            self.state.kept.update_parameters(self.state.network)
        elif self.lesson.validate is None:
            self.state.kept.load_state_dict(self.state.network.state_dict())

    def _validated(self) -> float | None:
        """Score the network where it is time to; remember how good the best was."""
        due = self.step % self.schedule.validate_every == 0 or self.done >= 1
        if not due:
            return None
        if self.lesson.validate is None:
            return math.nan
        averaged = isinstance(self.state.kept, AveragedModel)
        judged = self.state.kept if averaged else self.state.network
        score = 0.0
        if self.team.leads:
            judged.eval()
            with torch.no_grad():
                score = float(self.lesson.validate(judged))
        score = self.team.of_leader(score)
        self.since_best += 1
        if score > self.best:
            self.best, self.since_best = score, 0
            if not averaged:
                self.state.kept.load_state_dict(judged.state_dict())
        return score

    def _report(self, loss: float) -> None:
        if not self.team.leads:
            return
        here, done = time.monotonic() - self.began, self.done
        started = self.seconds_before / self._seconds() * done if self.seconds_before else 0.0
        left = here / max(done - started, 1e-9) * (1 - done) if done < 1 else 0.0
        self.run.report(Progress(self.lesson.part, self.step, self.schedule.steps, loss, left))

    def _facts(self) -> dict[str, float]:
        return {
            "step": self.step,
            "seconds": self._seconds(),
            "best": self.best if math.isfinite(self.best) else math.nan,
            "since_best": self.since_best,
        }

    def _save(self) -> None:
        if self.folder and self.team.leads:
            path = self.folder / CHECKPOINT
            save_checkpoint(path, self.state, facts=self._facts(), run=self._fingerprint())

    def _resume(self, path: Path) -> None:
        if path.exists():
            facts = load_checkpoint(path, self.state, run=self._fingerprint())
            self.step, self.since_best = int(facts["step"]), int(facts["since_best"])
            self.seconds_before = facts["seconds"]
            self.best = -math.inf if math.isnan(facts["best"]) else facts["best"]
        if (first := int(self.team.of_leader(self.step))) != self.step:
            raise CheckpointError(
                f"process {self.team.rank} goes on from step {self.step}, the first one from "
                f"{first}; give all of them the same folder: {path.parent}"
            )

    def _fingerprint(self) -> str:
        lesson, run = self.lesson, self.run
        stated = (lesson.part, self.schedule, lesson.settings, lesson.data, run.seed, run.minutes)
        return sha256(repr((*stated, self.team.size)).encode()).hexdigest()[:16]


def hash_of(*numbers: int) -> int:
    """Mix numbers to a seed."""
    return int(np.random.SeedSequence(numbers).generate_state(1)[0])
