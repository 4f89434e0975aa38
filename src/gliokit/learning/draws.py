"""Examples by number: each is drawn from (seed, number) alone.

So a training that was stopped goes on with the examples that come next, and any number of
processes see together what one would have seen. Helpers that draw ahead are threads: a process
would be a fork, with copies of locks that other threads hold, or would need all that is drawn
from sent to it.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Example: TypeAlias = tuple[NDArray[np.generic], NDArray[np.generic]]
Draw: TypeAlias = Callable[[np.random.Generator], Example]

AHEAD = 2  # batches that each thread draws ahead


@dataclass(frozen=True, slots=True)
class Share:
    """Which examples of each forward pass a process takes.

    Attributes
    ----------
    batch : int
        How many.
    rank, size : int
        Number of the process, and of how many; together they take `size` batches.
    """

    batch: int
    rank: int = 0
    size: int = 1

    def number(self, index: int) -> int:
        """Give the number, among those of all processes, of this one's example `index`."""
        passes, place = divmod(index, self.batch)
        return (passes * self.size + self.rank) * self.batch + place


@dataclass(frozen=True, slots=True)
class Draws:
    """The examples of one process, from one forward pass on to another.

    Attributes
    ----------
    draw : callable
        Random generator to example.
    seed : int
        Of the training.
    share : Share
        Which examples this process takes.
    passes : range
        Forward passes that are left of the training.
    """

    draw: Draw
    seed: int
    share: Share
    passes: range

    def batch(self, number: int) -> tuple[Tensor, Tensor]:
        """Draw the examples of a forward pass."""
        first = number * self.share.batch
        numbers = map(self.share.number, range(first, first + self.share.batch))
        return stacked([self.draw(np.random.default_rng([self.seed, n])) for n in numbers])

    def batches(self, *, threads: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Draw batch after batch, by threads that draw ahead; by the caller's without any."""
        numbers = iter(self.passes)
        if not threads:
            yield from map(self.batch, numbers)
            return
        pool = ThreadPoolExecutor(threads)
        try:
            ahead = deque(pool.submit(self.batch, n) for n in islice(numbers, AHEAD * threads))
            while ahead:
                yield ahead.popleft().result()
                ahead.extend(pool.submit(self.batch, n) for n in islice(numbers, 1))
        finally:
            pool.shutdown(cancel_futures=True)


def stacked(examples: Sequence[Example]) -> tuple[Tensor, Tensor]:
    """Join examples to a batch."""
    x, y = zip(*examples, strict=True)
    return torch.from_numpy(np.stack(x)), torch.from_numpy(np.stack(y))
