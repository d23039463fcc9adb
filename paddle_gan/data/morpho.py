"""Digits in seven looks, after Morpho-MNIST (Castro et al. 2019).

A digit is enlarged four times and made binary, changed there, and reduced again. "plain" is only
enlarged and reduced, so that no look can be told by the resampling.
"""

from __future__ import annotations

import functools
import zlib

import numpy as np

from paddle_gan.system.opencv import import_cv2

SCALE = 4
THIN, THICK = 0.7, 1.0  # of half the thickness of a stroke
SLANTS = 0.5, 0.8  # tangents, of which one is drawn
SWELLING, STRENGTH = 7, 3
CUTS, CUT, CLEAR, BEYOND = 3, 1.5, 2.0, 0.5  # how many; the rest in pixels of the digit


class Morphology:
    """A digit, uint8 H x W: enlarged, as strokes, and what Morpho-MNIST measures of these.

    Lengths in arrays are those of the enlarged digit; ``thickness`` is in pixels of the digit.
    Random places are the same for the same digit.
    """

    def __init__(self, digit: np.ndarray):
        cv2 = import_cv2()
        self.large = cv2.resize(digit, None, fx=SCALE, fy=SCALE, interpolation=cv2.INTER_CUBIC)
        low, high = int(self.large.min()), int(self.large.max())
        self.level = (low + high) / 2
        self.strokes = self._binary(self.large)
        self.depth = cv2.distanceTransform(self.strokes, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
        self.skeleton = skeleton(self.strokes)
        self.rng = np.random.default_rng(zlib.crc32(digit.tobytes()))

    def _binary(self, large: np.ndarray) -> np.ndarray:
        return (large > self.level).astype(np.uint8)

    @property
    def thickness(self) -> float:
        """Twice the mean distance of the skeleton from the background."""
        inside = self.depth[self.skeleton > 0]
        return 2 * float(inside.mean()) / SCALE if len(inside) else 0.0

    @property
    def slant(self) -> float:
        """The tangent of the angle from the vertical; positive to the right."""
        moments = import_cv2().moments(self.strokes, binaryImage=True)
        return -moments["mu11"] / moments["mu02"] if moments["mu02"] else 0.0

    def plain(self) -> np.ndarray:
        return self.strokes

    def thin(self) -> np.ndarray:
        return self.depth > int(THIN * SCALE * self.thickness / 2)

    def thick(self) -> np.ndarray:
        cv2 = import_cv2()
        outside = cv2.distanceTransform(1 - self.strokes, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
        return outside <= int(THICK * SCALE * self.thickness / 2)

    def slanted(self, sign: int) -> np.ndarray:
        """Sheared around the center of mass to a slant that is drawn from ``SLANTS``."""
        cv2 = import_cv2()
        moments = cv2.moments(self.strokes, binaryImage=True)
        shear = self.slant - sign * self.rng.uniform(*SLANTS)
        middle = moments["m01"] / max(moments["m00"], 1)
        matrix = np.array([[1, shear, -shear * middle], [0, 1, 0]])
        return self._binary(cv2.warpAffine(self.large, matrix, self.large.shape[::-1]))

    def swollen(self) -> np.ndarray:
        """Magnified around a random place of the skeleton."""
        (place,) = self._places(1)
        radius = SWELLING * np.sqrt(self.thickness) / 2 * SCALE
        rows, columns = np.indices(self.large.shape, np.float32)
        down, right = rows - place[0], columns - place[1]
        pull = np.minimum(np.hypot(down, right) / radius, 1) ** (STRENGTH - 1)
        sources = (place + np.stack([down * pull, right * pull], axis=2)).astype(np.float32)
        cv2 = import_cv2()
        found = cv2.remap(self.large, sources[..., 1], sources[..., 0], cv2.INTER_LINEAR)
        return self._binary(found)

    def fractured(self) -> np.ndarray:
        """Cut across at random places of the skeleton, away from its ends and forks."""
        cv2 = import_cv2()
        cut = self.strokes.copy()
        rows, columns = np.nonzero(self.skeleton)
        for place in self._places(CUTS, CLEAR):
            near = np.hypot(rows - place[0], columns - place[1]) <= CLEAR * SCALE
            along = np.stack([rows[near], columns[near]]) - place[:, None]
            across = np.linalg.eigh(along @ along.T)[1][:, 0]  # of the least extent
            reach = across * (self.depth[tuple(place)] + BEYOND * SCALE)
            ends = (tuple(map(int, end[::-1])) for end in (place + reach, place - reach))
            cv2.line(cut, *ends, 0, int(CUT * SCALE))
        return cut

    def _places(self, n: int, clear: float = 0) -> np.ndarray:
        """``n`` random pixels of the skeleton, ``clear`` from its ends and forks if there are."""
        points = np.argwhere(self.skeleton)
        if clear:
            cv2 = import_cv2()
            beside = cv2.filter2D(self.skeleton, -1, np.ones((3, 3)), borderType=0) - 1
            special = (self.skeleton > 0) & (beside != 2)
            away = cv2.distanceTransform(
                1 - special.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE
            )
            free = points[away[tuple(points.T)] > clear * SCALE]
            points = free if len(free) >= n else points
        return self.rng.permutation(points)[:n]


LOOKS = {  # in the order in which a digit's random numbers are drawn
    "plain": Morphology.plain,
    "thin": Morphology.thin,
    "thick": Morphology.thick,
    "left": lambda digit: digit.slanted(-1),
    "right": lambda digit: digit.slanted(1),
    "swollen": Morphology.swollen,
    "fractured": Morphology.fractured,
}


def looks(digit: np.ndarray) -> np.ndarray:
    """The looks of a digit, uint8 H x W, in the order of ``LOOKS``: uint8, 7 x H x W."""
    cv2 = import_cv2()
    found = Morphology(digit)
    if not found.skeleton.any():  # nothing is drawn
        return np.stack([digit] * len(LOOKS))
    large = (255 * look(found).astype(np.uint8) for look in LOOKS.values())
    return np.stack([cv2.resize(x, digit.shape[::-1], interpolation=cv2.INTER_AREA) for x in large])


def looks_of(digits: np.ndarray) -> np.ndarray:
    """Those of digits, uint8 N x H x W: uint8, 7 x N x H x W."""
    return np.stack([looks(digit) for digit in digits], axis=1)


def skeleton(binary: np.ndarray) -> np.ndarray:
    """Lines of one pixel in the middle of what is 1 in a uint8 image; Zhang & Suen 1984."""
    cv2 = import_cv2()
    found, weights = binary.copy(), np.array([[128, 1, 2], [64, 0, 4], [32, 16, 8]], np.float32)
    while True:
        before = found
        for table in _removable():
            around = cv2.filter2D(found, -1, weights, borderType=cv2.BORDER_CONSTANT)
            found = found & ~cv2.LUT(around, table)
        if np.array_equal(before, found):
            return found


@functools.lru_cache
def _removable() -> np.ndarray:
    """Of the two rounds of thinning: whether a pixel goes, by its eight neighbors as bits."""
    # Clockwise from the one above: 8 x 256.
    around = np.arange(256) >> np.arange(8)[:, None] & 1
    up, right, down, left = around[::2]
    count, begins = around.sum(0), (around < np.roll(around, -1, axis=0)).sum(0)
    thick = (2 <= count) & (count <= 6) & (begins == 1)
    first = thick & ~(up & right & down) & ~(right & down & left)
    second = thick & ~(up & right & left) & ~(up & down & left)
    return np.stack([first, second]).astype(np.uint8) & 1
