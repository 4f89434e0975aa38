"""Schedules: how rate and momentum run, by closed form."""

import math

import pytest

from gliokit.learning.settings import Decay, Schedule


def test_the_rate_warms_up_linearly():
    schedule = Schedule(steps=100, learning_rate=0.4, warmup=4)
    assert [schedule.rate(0, step) for step in range(5)] == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.4])


@pytest.mark.parametrize("done", [0, 0.25, 0.5, 0.8])
def test_the_rate_falls_as_a_cosine(done):
    schedule = Schedule(steps=10, learning_rate=2.0, decay=Decay.COSINE)
    assert schedule.rate(done, 99) == pytest.approx(1 + math.cos(math.pi * done))


def test_the_cosine_ends_at_a_hundredth():
    schedule = Schedule(steps=10, learning_rate=2.0, decay=Decay.COSINE)
    assert schedule.rate(1, 99) == schedule.rate(1.5, 99) == pytest.approx(0.02)


def test_the_rate_falls_in_steps_by_share_of_the_run():
    schedule = Schedule(steps=10, learning_rate=1.0, decay=Decay.STEPWISE, decay_every=0.2)
    rates = [schedule.rate(step / 10, step) for step in range(10)]
    assert rates == pytest.approx([0.1 ** (step // 2) for step in range(10)])


def test_momentum_runs_linearly_to_its_end():
    schedule = Schedule(steps=10, momentum=0.5, momentum_end=0.9)
    found = [schedule.momentum_at(done) for done in (0, 0.5, 1, 2)]
    assert found == pytest.approx([0.5, 0.7, 0.9, 0.9])
