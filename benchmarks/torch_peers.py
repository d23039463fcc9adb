"""Three training steps as a good user of PyTorch writes them, with the networks of this package.

python benchmarks/torch_peers.py cyclegan --steps 60 --channels-last --bf16

Networks, losses and passes are those of the recipe of that name; ``dcgan`` is dcgan-bce without
instance noise. Batches are random and in memory, and nothing is averaged or logged, all of which
the package's ``train.py`` does besides. Weights start as PyTorch starts them: speed is the same.
Prints parameters, peak memory and, after 8 steps that are not counted, images per second.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import resource
import sys
import time

BATCH_SIZES = {"dcgan": 32, "cyclegan": 4, "starganv2": 8}  # the recipes'
WARM_UP = 8  # steps; in the first ones --compile compiles


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("game", choices=BATCH_SIZES)
    told = ", ".join(f"{game} {size}" for game, size in BATCH_SIZES.items())
    parser.add_argument("--batch-size", type=int, help=f"by default the recipe's: {told}")
    sizes = (16, 32, 64, 128, 256)
    parser.add_argument("--image-size", type=int, choices=sizes, default=32)
    parser.add_argument("--channels", type=int, choices=(1, 3), default=1)
    parser.add_argument("--steps", type=int, default=60, help="steps that are timed")
    parser.add_argument("--channels-last", action="store_true", help="NHWC in memory")
    parser.add_argument("--compile", action="store_true", help="networks by torch.compile")
    parser.add_argument("--bf16", action="store_true", help="bfloat16 by autocast")
    options = parser.parse_args()
    if options.batch_size is None:
        options.batch_size = BATCH_SIZES[options.game]
    for name in ("batch_size", "steps"):
        if getattr(options, name) < 1:
            parser.error(
                f"--{name.replace('_', '-')} {getattr(options, name)}: it must be positive"
            )
    return options


if __name__ == "__main__":
    OPTIONS = parsed()  # first, as --help takes no PyTorch

try:
    import torch
    import torch.nn.functional as F
    import torch_networks
    from torch import Tensor, nn
    from torch_networks import DOMAINS
except ImportError as error:
    sys.exit(f"{error}; run this with a Python that has PyTorch")


def ready(o, *networks: nn.Module) -> list[nn.Module]:
    if o.channels_last:
        networks = [network.to(memory_format=torch.channels_last) for network in networks]
    if o.compile:  # a program for each size of batch, with and without gradients
        torch._dynamo.config.recompile_limit = 64
        networks = [torch.compile(network, dynamic=False) for network in networks]
    return list(networks)


def images(o) -> Tensor:
    found = torch.rand(o.batch_size, o.channels, o.image_size, o.image_size) * 2 - 1
    return found.contiguous(memory_format=torch.channels_last) if o.channels_last else found


def autocast(o):
    return torch.autocast("cpu", torch.bfloat16, enabled=o.bf16)


def adam(lr: float, betas: tuple[float, float], *networks: nn.Module, decay: float = 0.0):
    weights = itertools.chain(*(network.parameters() for network in networks))
    return torch.optim.Adam(weights, lr, betas, weight_decay=decay, fused=True)


def descend(loss: Tensor, *optimizers: torch.optim.Optimizer) -> None:
    for optimizer in optimizers:
        optimizer.zero_grad(set_to_none=True)
    loss.backward()
    for optimizer in optimizers:
        optimizer.step()


@contextlib.contextmanager
def frozen(*networks: nn.Module):
    for network in networks:
        network.requires_grad_(False)
    yield
    for network in networks:
        network.requires_grad_(True)


def dcgan(o):
    """G's half-step takes the images that D has judged, as ours; no second pass of G.

    D takes two passes where ours takes one: PyTorch's BatchNorm has no batches of its own in one.
    """
    g, d = networks = ready(o, *torch_networks.dcgan(o.channels, o.image_size))
    real = images(o)
    to_g, to_d = (adam(0.002, (0.5, 0.999), network) for network in networks)

    return networks, lambda: dcgan_step(o, g, d, to_g, to_d, real)


def dcgan_step(o, g: nn.Module, d: nn.Module, to_g, to_d, real: Tensor) -> None:
    with autocast(o):
        fake = g(torch.randn(len(real), 100, 1, 1))
        on_real, on_fake = d(real).float(), d(fake.detach()).float()
    descend(F.softplus(-on_real).mean() + F.softplus(on_fake).mean(), to_d)
    with frozen(d):
        with autocast(o):
            on_fake = d(fake).float()
        descend(F.softplus(-on_fake).mean(), to_g)


class Pool:
    """Up to 50 earlier images, with which half of the new ones are exchanged; see games/pool.py."""

    def __init__(self, like: Tensor):
        self.images = like[:0]

    def __call__(self, fresh: Tensor) -> Tensor:
        fresh, room = fresh.detach(), 50 - len(self.images)
        if room > 0:
            self.images = torch.cat([self.images, fresh[:room]])
            return fresh
        new, rest = fresh[:50], fresh[50:]
        places, exchanged = torch.randperm(50)[: len(new)], torch.rand(len(new), 1, 1, 1) < 0.5
        earlier = self.images[places]
        self.images[places] = torch.where(exchanged, new, earlier)
        return torch.cat([torch.where(exchanged, earlier, new), rest])


def cyclegan(o):
    """Both batches that a network reads at one time go through it as one, as in ours."""
    a_to_b, b_to_a, d_a, d_b = networks = ready(o, *torch_networks.cyclegan(o.channels))
    a, b = images(o), images(o)
    to_g = adam(0.001, (0.5, 0.999), a_to_b, b_to_a)
    to_d = adam(0.001, (0.5, 0.999), d_a, d_b)
    pools = Pool(a), Pool(b)

    def run(network: nn.Module, *given: Tensor) -> tuple[Tensor, ...]:
        return network(torch.cat(given)).float().split(o.batch_size)

    def step() -> None:
        with autocast(o), frozen(d_a, d_b):
            (fake_b, same_b), (fake_a, same_a) = run(a_to_b, a, b), run(b_to_a, b, a)
            (again_a,), (again_b,) = run(b_to_a, fake_b), run(a_to_b, fake_a)
            judged = d_a(fake_a).float(), d_b(fake_b).float()
        loss = sum((logits - 1).square().mean() for logits in judged)
        loss = loss + 2 * (F.l1_loss(again_a, a) + F.l1_loss(again_b, b))
        descend(loss + 0.5 * (F.l1_loss(same_a, a) + F.l1_loss(same_b, b)), to_g)
        with autocast(o):
            on_a, on_b = run(d_a, a, pools[0](fake_a)), run(d_b, b, pools[1](fake_b))
        losses = ((real - 1).square().mean() + fake.square().mean() for real, fake in (on_a, on_b))
        descend(sum(losses) / 2, to_d)

    return networks, step


def starganv2(o):
    """Two steps of D, one of G, F and E by latents, one of G by references."""
    n, rows = o.batch_size, torch.arange(o.batch_size)
    g, f, e, d = networks = ready(o, *torch_networks.starganv2(o.channels, o.image_size))
    twice = getattr(d, "_orig_mod", d)  # torch.compile has no second derivatives
    to_g, to_e, to_d = (adam(0.0005, (0.0, 0.99), each, decay=0.0001) for each in (g, e, d))
    to_f = adam(0.00005, (0.0, 0.99), f, decay=0.0001)
    real, references = images(o), (images(o), images(o))
    domain, target = torch.randint(DOMAINS, (2, n))

    def own(found: Tensor, domain: Tensor) -> Tensor:
        """Of B x K * size those of each image's domain, B x size."""
        return found.reshape(n, DOMAINS, -1)[rows, domain].float()

    def d_step(style: Tensor) -> None:
        with autocast(o):
            with torch.no_grad():
                fake = g(real, style)
            seen = real.detach().requires_grad_()
            # One pass for logits and slope, where ours takes two.
            on_real, on_fake = own(twice(seen), domain), own(d(fake), target)
        (slope,) = torch.autograd.grad(on_real.sum(), seen, create_graph=True)
        loss = F.softplus(-on_real).mean() + F.softplus(on_fake).mean()
        descend(loss + slope.square().sum((1, 2, 3)).mean() / 2, to_d)

    def g_step(style: Tensor, other: Tensor, *optimizers: torch.optim.Optimizer) -> None:
        """``other`` only shows how far apart two styles are, and gets no gradient, as in ours."""
        with autocast(o):
            fake = g(real, style)
            with torch.no_grad():
                another = g(real, other)
            again = g(fake, own(e(real), domain))
            found, on_fake = own(e(fake), target), own(d(fake), target)
        loss = F.softplus(-on_fake).mean() + F.l1_loss(found, style) - F.l1_loss(fake, another)
        descend(loss + F.l1_loss(again, real), *optimizers)

    def by_latent(latent: Tensor) -> Tensor:
        with autocast(o):
            return own(f(latent).transpose(0, 1), target)

    def by_reference(reference: Tensor) -> Tensor:
        with autocast(o):
            return own(e(reference), target)

    def step() -> None:
        latents = torch.randn(2, n, 16)
        with torch.no_grad():
            styles = by_latent(latents[0]), by_reference(references[0])
            other = by_latent(latents[1])
        for style in styles:
            d_step(style)
        with frozen(d):
            g_step(by_latent(latents[0]), other, to_g, to_f, to_e)
            with frozen(f, e):
                g_step(*map(by_reference, references), to_g)

    return networks, step


def main(o) -> None:
    torch.manual_seed(0)
    networks, step = {"dcgan": dcgan, "cyclegan": cyclegan, "starganv2": starganv2}[o.game](o)
    for _ in range(WARM_UP):
        step()
    started = time.perf_counter()
    for _ in range(o.steps):
        step()
    speed = o.batch_size * o.steps / (time.perf_counter() - started)
    size = sum(weight.numel() for network in networks for weight in network.parameters())
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    chosen = [name for name in ("channels_last", "compile", "bf16") if getattr(o, name)]
    told = [f"torch {torch.__version__} {o.game} {o.channels}x{o.image_size}", *chosen]
    print(f"{' '.join(told)} batch {o.batch_size}, {size:,} parameters, {memory:.0f} MB: ", end="")
    print(f"{speed:.1f} images/s")


if __name__ == "__main__":
    main(OPTIONS)
