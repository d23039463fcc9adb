"""Doubling and halving against numbers worked out by hand."""

import numpy as np
import paddle

from paddle_gan.networks.resampling import doubled, halved


def test_resampling_worked_by_hand():
    x = paddle.to_tensor([[[[1.0, 3.0], [5.0, -1.0]]] * 2])
    expected = [[1, 2, 3, 1.5], [3, 2, 1, 0.5], [5, 2, -1, -0.5], [2.5, 1, -0.5, -0.25]]
    larger = doubled(2)(x)
    assert larger.numpy().tolist() == [[expected, expected]]
    # By [1, 2, 1] / 4 around every second pixel, 0 beyond the edge: the rows first, then columns.
    rows = np.array(expected)
    rows = np.stack([(2 * rows[0] + rows[1]) / 4, (rows[1] + 2 * rows[2] + rows[3]) / 4])
    smaller = np.stack([(2 * rows[:, 0] + rows[:, 1]) / 4, rows[:, 1:] @ [0.25, 0.5, 0.25]], 1)
    found = halved(2)(larger)
    np.testing.assert_allclose(found.numpy(), [[smaller, smaller]], rtol=1e-6)
    for layer in (doubled(2), halved(2)):
        assert layer.weight.stop_gradient and layer.bias is None
