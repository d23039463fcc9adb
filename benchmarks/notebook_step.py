"""The notebook's step as it stands, which the package is compared with.

python benchmarks/notebook_step.py --batch-size 16 --seconds 10

Written the way its users write it: eager mode, default threads, a float() of both losses every
step, data already in memory. Prints the peak memory in MB and images per second.
"""

from __future__ import annotations

import argparse
import resource
import time


def notebook_step(batch_size: int):
    """The notebook's networks, losses and optimizers; returns its step as a function."""
    import paddle
    from paddle import nn

    def up(i, o, stride, padding):
        return [nn.Conv2DTranspose(i, o, 4, stride, padding), nn.BatchNorm2D(o), nn.ReLU()]

    def down(i, o):
        return [nn.Conv2D(i, o, 4, 2, 1), nn.BatchNorm2D(o), nn.LeakyReLU(0.2)]

    g = nn.Sequential(
        *up(100, 256, 1, 0), *up(256, 128, 2, 1), *up(128, 64, 2, 1),
        nn.Conv2DTranspose(64, 1, 4, 2, 1), nn.Tanh(),
    )  # fmt: skip
    d = nn.Sequential(
        *down(1, 64), *down(64, 128), *down(128, 256), nn.Conv2D(256, 1, 4), nn.Sigmoid()
    )
    bce = nn.BCELoss()
    g_adam, d_adam = (
        paddle.optimizer.Adam(0.003, beta1=0.5, beta2=0.999, parameters=net.parameters())
        for net in (g, d)
    )
    shape = [batch_size, 1, 1, 1]
    ones, zeros = paddle.ones(shape), paddle.zeros(shape)
    images = paddle.uniform([batch_size, 1, 32, 32], min=-1, max=1)

    def step():
        d_adam.clear_grad()
        real_loss = bce(d(images), ones)
        real_loss.backward()
        fake_loss = bce(d(g(paddle.randn([batch_size, 100, 1, 1])).detach()), zeros)
        fake_loss.backward()
        d_adam.step()
        d_adam.clear_grad()
        g_adam.clear_grad()
        g_loss = bce(d(g(paddle.randn([batch_size, 100, 1, 1]))), ones)
        g_loss.backward()
        g_adam.step()
        g_adam.clear_grad()
        return float(real_loss + fake_loss), float(g_loss)

    return step


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=10)
    options = parser.parse_args()
    step = notebook_step(options.batch_size)
    for _ in range(5):
        step()
    started, steps = time.perf_counter(), 0
    while time.perf_counter() - started < options.seconds:
        step()
        steps += 1
    speed = options.batch_size * steps / (time.perf_counter() - started)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{memory:.0f} MB: {speed:.1f} images/s")


if __name__ == "__main__":
    main()
