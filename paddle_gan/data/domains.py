"""Images of several domains: the looks that a translation goes from and to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from paddle_gan.data.image_set import ImageSet, spread
from paddle_gan.data.pixels import to_float
from paddle_gan.errors import UserError


@dataclass(frozen=True, eq=False)
class DomainSet(ImageSet):
    """Images whose labels are their domains; ``classes`` are the domains' names.

    digits: int64, N, which digit each shows, where domains are made of digits.
    """

    digits: np.ndarray | None = None

    def batch(self, rows: np.ndarray) -> dict[str, np.ndarray]:
        """``image``, and ``domain``, int64, B."""
        return {"image": to_float(self.images[rows]), "domain": self.labels[rows]}

    def members(self, domain: int) -> np.ndarray:
        """The indices of a domain's images. Raises UserError where there is none."""
        found = np.flatnonzero(self.labels == domain)
        if not len(found):
            name = self.class_names[domain]
            raise UserError(f"no image of domain {name} in {self.source}; add images of it")
        return found

    def ways(self, n: int) -> tuple[np.ndarray, np.ndarray]:
        """Of ``examples(n)`` the domains, and others to translate to, all in turn: int64."""
        own, count = spread(self.labels, n, self.first), len(self.classes)
        return own, (own + 1 + np.arange(len(own)) % (count - 1)) % count


class ReferenceSet(DomainSet):
    """Every image with a domain to translate it to and two images that show it.

    Choi et al. 2020, "StarGAN v2": the target domains are equally frequent however many images
    each has.
    """

    def order(self, seed: int, epoch: int) -> np.ndarray:
        """Indices of all images, target domains, indices of two references: int64, N x 4.

        The references are of the target domain, and two different images where it has two.
        """
        rng = np.random.default_rng([seed, epoch])
        images = rng.permutation(len(self))
        by_domain = np.argsort(self.labels, kind="stable")
        domains, starts, counts = np.unique(
            self.labels[by_domain], return_index=True, return_counts=True
        )
        drawn = rng.integers(len(domains), size=len(self))
        start, count = starts[drawn], counts[drawn]
        first = rng.integers(count)
        second = (first + 1 + rng.integers(np.maximum(count - 1, 1))) % count
        references = by_domain[start + first], by_domain[start + second]
        return np.stack([images, domains[drawn], *references], axis=1)

    def batch(self, rows: np.ndarray) -> dict[str, np.ndarray]:
        """``image``, ``domain``, ``target``, int64, B, ``reference`` and ``other_reference``."""
        images, target, reference, other = np.ascontiguousarray(rows.T)
        return {
            **super().batch(images),
            "target": target,
            "reference": to_float(self.images[reference]),
            "other_reference": to_float(self.images[other]),
        }
