"""Architectures: nothing but layers. ``NETWORKS`` names the pairs of the game ``gan``.

A pair is a module with ``Generator``, ``Discriminator``, their ``OPTIONS`` and, where some of these
do not go together, ``RULES``.
"""

from paddle_gan.networks import conditional, conv, dcgan, mlp, r3gan, sngan

NETWORKS = {
    "dcgan": dcgan,
    "cdcgan": conditional,
    "mlp": mlp,
    "conv": conv,
    "sngan": sngan,
    "r3gan": r3gan,
}
