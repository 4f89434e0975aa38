"""Examples by number: which process sees which."""

import numpy as np
import pytest

from gliokit.learning.draws import AHEAD, Draws, Share, stacked


def drawn(rng):
    return rng.normal(size=2), rng.integers(9, size=())


def values(share: Share, passes: range) -> list[float]:
    batches = Draws(drawn, 5, share, passes).batches(threads=0)
    return [float(value) for x, _ in batches for value in x[:, 0]]


def test_two_processes_see_together_what_one_sees_with_twice_the_batch():
    one = values(Share(4), range(3))
    first, second = (values(Share(2, rank, 2), range(3)) for rank in (0, 1))
    together = [v for n in range(0, 6, 2) for v in (*first[n : n + 2], *second[n : n + 2])]
    assert together == one
    assert len(set(one)) == len(one)


def test_what_is_left_of_a_training_is_the_end_of_the_whole():
    share = Share(2, 1, 3)
    assert values(share, range(2, 5)) == values(share, range(5))[4:]


def test_examples_are_stacked_to_a_batch():
    x, y = stacked([(np.zeros((2, 3), np.float32), np.array(n)) for n in range(4)])
    assert x.shape == (4, 2, 3)
    assert y.tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("threads", [1, 3])
def test_batches_come_in_order_from_any_number_of_threads(threads):
    found = Draws(drawn, 5, Share(2), range(1, 8)).batches(threads=threads)
    assert [float(v) for x, _ in found for v in x[:, 0]] == values(Share(2), range(1, 8))


def test_threads_draw_only_a_few_batches_ahead():
    drawn_so_far = []

    def draw(rng):
        drawn_so_far.append(rng)
        return drawn(rng)

    batches = Draws(draw, 5, Share(1), range(1000)).batches(threads=2)
    next(batches)
    batches.close()
    assert len(drawn_so_far) <= 1 + 2 * AHEAD


def test_what_fails_in_a_thread_fails_the_training():
    def draw(rng):
        raise ValueError("no such patient")

    with pytest.raises(ValueError, match="no such patient"):
        next(Draws(draw, 5, Share(1), range(3)).batches(threads=1))
