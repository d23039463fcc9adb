"""Earlier images of a generator, of which its discriminator is shown some again."""

from __future__ import annotations

import numpy as np
import paddle
from paddle import Tensor

from paddle_gan.system import distributed, draws


class Pool:
    """Up to ``size`` images, each process's part of them; Shrivastava et al. 2017, section 2.3.

    A discriminator that sees only the newest images forgets what the older ones looked like, and
    the generator goes back to them.
    """

    def __init__(self, size: int):
        self.size, self.images = max(1, size // distributed.world()), None

    def __call__(self, fresh: Tensor) -> Tensor:
        """Images B x C x H x W, each with an even chance exchanged for an earlier one.

        Those of the first calls, which fill the pool, come back as they are.
        """
        fresh = fresh.detach()
        room = self.size - (0 if self.images is None else len(self.images))
        if room > 0:
            kept = [fresh[:room]] if self.images is None else [self.images, fresh[:room]]
            self.images = paddle.concat(kept)
            return fresh
        n = min(len(fresh), self.size)  # more could not be exchanged for different ones
        places = paddle.randperm(self.size)[:n]
        exchanged = draws.uniform([len(fresh)])[:n].reshape([n, 1, 1, 1]) < 0.5
        earlier = self.images.gather(places)
        self.images = self.images.scatter(places, paddle.where(exchanged, fresh[:n], earlier))
        return paddle.concat([paddle.where(exchanged, earlier, fresh[:n]), fresh[n:]])

    def state_dict(self) -> dict:
        """The images of all processes. Called in every process."""
        return {} if self.images is None else {"images": distributed.gathered(self.images)}

    def load_state_dict(self, state: dict[str, np.ndarray]) -> None:
        """This process's part of the images, however many processes saved them."""
        self.images = None
        if "images" in state:
            parts = np.array_split(state["images"], distributed.world())
            self.images = paddle.to_tensor(parts[distributed.rank()][: self.size])
