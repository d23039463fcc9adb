"""What a command prints of a result, to the letter."""

from __future__ import annotations

import pytest

from paddle_gan.metrics.evaluate import judge, summary


def row(fid: float, fractions: list[float]) -> dict:
    return {
        "fid": fid,
        "kid": fid / 1000,
        "kid_std": 0.00126,
        "is": 9.87654,
        "is_std": 0.02345,
        "precision": 0.6543,
        "recall": 0.5432,
        "density": 1.0321,
        "coverage": 0.4321,
        "digit_shares": fractions,
    }


RESULT = {
    "protocol": "digit-net-01234567, 100 test digits vs 100 samples of 8 bits",
    **row(12.345, [0.5, 0.25, 0.125, 0.125]),
    "floor": row(1.5, [0.25] * 4),
    "noise": row(1533.777, [1.0, 0, 0, 0]),
    "nearest": {
        "protocol": "median pixel distance of 100 to 4000 training digits",
        "samples": 7.654,
        "held_out": 6.543,
    },
    "digit_network": {
        "accuracy": 0.98765,
        "sha256": "0123456789abcdef0123",
        "trained_on": "four digits",
    },
}
JUDGE = "digit network: 98.77% right, sha256 0123456789abcdef, trained on four digits"
HEAD = """\
digit-net-01234567, 100 test digits vs 100 samples of 8 bits
digit network: 98.77% right, sha256 0123456789abcdef, trained on four digits
                               samples       floor (train)               noise
FID                              12.35                1.50             1533.78
KID                    0.0123 ± 0.0013     0.0015 ± 0.0013     1.5338 ± 0.0013
inception score          9.877 ± 0.023       9.877 ± 0.023       9.877 ± 0.023
precision (k = 3)                0.654               0.654               0.654
recall (k = 3)                   0.543               0.543               0.543
density (k = 5)                  1.032               1.032               1.032
coverage (k = 5)                 0.432               0.432               0.432
digits  0: 50.0%  1: 25.0%  2: 12.5%  3: 12.5%
"""
NEAREST = "median pixel distance of 100 to 4000 training digits: samples 7.65, held-out digits 6.54"


@pytest.mark.parametrize(
    ("more", "told"), [({}, ""), ({"agreement": 0.8767}, "the digit asked for: 87.7%\n")]
)
def test_the_table_for_people(more, told):
    assert summary({**RESULT, **more}) == HEAD + told + NEAREST


def test_the_line_that_names_the_judge():
    assert judge(RESULT) == JUDGE
