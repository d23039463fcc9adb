"""The sliced Wasserstein distance of image patches, level by level of a Laplacian pyramid.

Karras et al. 2018, "Progressive Growing of GANs for Improved Quality, Stability, and Variation",
section 5: no network is needed, images may be of any kind. The finest level tells of sharpness and
noise, the coarsest of what images show as a whole. Burt & Adelson 1983 have the pyramid.
"""

from __future__ import annotations

import functools

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

PATCH = 7  # pixels in each direction
PER_IMAGE = 128  # patches of each level, where that is not too many in all
PATCHES = 2**16  # of a level, about; bounds time and memory
COARSEST = 16  # pixels; the least of a level, unless the images are smaller
DIRECTIONS = 512
_KERNEL = np.array([1, 4, 6, 4, 1]) / 16
_BATCH = 250


def patch_distances(real: np.ndarray, fake: np.ndarray, seed: int = 0) -> dict[int, float]:
    """Distances of two sets of images, uint8 N x C x H x H each: size of level -> value x 1,000.

    Patches of 7 x 7 pixels are drawn at random places of each level. Those of either set are
    brought to mean 0 and deviation 1 in each channel, projected on 512 random directions and
    sorted; a distance is the mean over directions of the mean difference, the Wasserstein distance
    in one dimension. Images smaller than a patch are compared as a whole.
    """
    rng = np.random.default_rng(seed)
    levels = [_patches(images, rng) for images in (real, fake)]
    return {
        size: 1000 * sliced(*(_normalized(each[size]) for each in levels), rng)
        for size in levels[0]
    }


def patches_per_image(n: int) -> int:
    """How many patches of each level n images give each."""
    return min(PER_IMAGE, max(1, PATCHES // n))


def sliced(a: np.ndarray, b: np.ndarray, rng: np.random.Generator) -> float:
    """The mean Wasserstein distance of projections of points, N x d each, on random directions."""
    directions = rng.normal(size=(a.shape[1], DIRECTIONS)).astype(np.float32)
    directions /= np.linalg.norm(directions, axis=0)
    found = []
    for few in np.split(directions, 8, axis=1):  # bounds memory
        one, other = (np.sort((few.T @ points.T), axis=1) for points in (a, b))
        found.append(np.abs(one - other).mean(dtype=np.float64))
    return float(np.mean(found))


def pyramid(images: np.ndarray) -> list[np.ndarray]:
    """The levels of images, float32 N x C x H x H: details from fine to coarse, then the rest."""
    levels = []
    while (images.shape[2] + 1) // 2 >= COARSEST:
        down, up = _down(images.shape[2]), _up(images.shape[2])
        coarse = down @ images @ down.T
        levels.append(images - up @ coarse @ up.T)
        images = coarse
    return [*levels, images]


@functools.cache
def _blur(size: int) -> np.ndarray:
    """A matrix, size x size: five binomial weights about each place, mirrored at the ends."""
    matrix = np.zeros((size, size), np.float32)
    for place in range(size):
        for offset, weight in enumerate(_KERNEL, start=-2):
            at = abs(place + offset) % (2 * size - 2 or 1)
            matrix[place, min(at, 2 * size - 2 - at)] += weight
    return matrix


def _down(size: int) -> np.ndarray:
    return _blur(size)[::2]


def _up(size: int) -> np.ndarray:
    return 2 * _blur(size)[:, ::2]  # as if every other place were 0


def _patches(images: np.ndarray, rng: np.random.Generator) -> dict[int, np.ndarray]:
    """Size of level -> patches, float32 N * K x C x 49, from K random places of each image."""
    each, found = patches_per_image(len(images)), {}
    for start in range(0, len(images), _BATCH):
        for level in pyramid(images[start : start + _BATCH].astype(np.float32)):
            n, channels, size = level.shape[:3]
            side = min(PATCH, size)
            windows = sliding_window_view(level, (side, side), axis=(2, 3))
            rows, columns = rng.integers(size - side + 1, size=(2, n, each))
            chosen = windows[np.arange(n)[:, None], :, rows, columns]  # n x K x C x 7 x 7
            found.setdefault(size, []).append(chosen.reshape(n * each, channels, -1))
    return {size: np.concatenate(parts) for size, parts in found.items()}


def _normalized(patches: np.ndarray) -> np.ndarray:
    """Patches with mean 0 and deviation 1 in each channel, as rows."""
    patches = patches - patches.mean((0, 2), keepdims=True, dtype=np.float64)
    deviation = patches.std((0, 2), keepdims=True)
    return (patches / np.maximum(deviation, 1e-6)).astype(np.float32).reshape(len(patches), -1)
