"""What is trained and how, as data: a new GAN is a row in ``RECIPES``."""

from __future__ import annotations


class Recipe:
    """A game, by its file in ``games/``, and the options that are not at their defaults."""

    def __init__(self, about: str, game: str = "gan", **values):
        self.about, self.game, self.values = about, game, values


# Of the recipes that keep to their papers and articles.
_SEED = dict(augment="none", lr_half=0, ema_half_life=0)
_MLP = dict(networks="mlp", canvas=6, inverted=True)
_CONV = dict(networks="conv", init="glorot", canvas=10, inverted=True)
# As Huang et al. 2024 (R3GAN), and with numbers for small batches and short runs.
_PAIRED = dict(objective="relativistic", penalty="r1-r2", augment="none")
_PAIRS = dict(**_PAIRED, lr_half=0)
_LIGHTER = dict(penalty_weight=0.3, penalty_weight_end=0.03, burn_in=200_000)
_ANNEALED = dict(**_LIGHTER, lr_end=0.0001, ema_half_life=30_000)
_D = dict(norm="none", lr_ratio=0.5, penalty_every=4)
_TAUGHT = dict(**_PAIRED, **_LIGHTER, **_D, lr_half=60_000, betas=(0.0, 0.99))
_R3GAN = dict(**_PAIRS, networks="r3gan", betas=(0.0, 0.9), beta2_end=0.99)
_SMALL = dict(**_R3GAN, **_ANNEALED, lr=0.0003, width=16, max_width=64, blocks=1)
_WGAN = dict(objective="wasserstein", critic_steps=5, fresh_noise=1)
_MORPHO = dict(data="morpho", lr_half=0)
_STYLES = dict(**_MORPHO, init="kaiming", betas=(0.0, 0.99))
_EDGES = dict(data="edges", lr_half=0)
_TRANSLATION = dict(
    width=64, d_width=64, patch_layers=3, batch_size=1, epochs=200, lr_decay=0.5, ema_half_life=0
)

RECIPES = {
    "dcgan": Recipe(
        "the notebook's generator, taught as measured to be best",
        **_TAUGHT,
        classes="data",
        conditioning="latents",
        margin=0.5,
    ),
    "dcgan-bce": Recipe("the notebook's pair and loss, trained as measured to be best with these"),
    "aistudio": Recipe(
        "the notebook's numbers; only its pixel range is put right",
        **_SEED,
        init="conv",
        fresh_noise=1,
        lr=0.003,
        batch_size=16,
    ),
    "dcgan-paper": Recipe(
        "the rate of Radford et al. 2016 and no average, as a baseline",
        **_SEED,
        lr=0.0002,
        batch_size=64,
    ),
    "cdcgan": Recipe("dcgan, G told the class as well", **_TAUGHT, networks="cdcgan"),
    "cdcgan-bce": Recipe("dcgan-bce, both networks told the class", networks="cdcgan"),
    "mlp": Recipe(
        "one hidden layer in each network, uniform latents",
        **_MLP,
        norm="spectral",
        init="glorot",
        lr=0.001,
    ),
    "mlp-seed": Recipe(
        "mlp with the numbers of the TensorFlow article",
        **_MLP,
        **_SEED,
        init="kaiming",
        lr=0.0002,
        betas=(0.9, 0.999),
        batch_size=128,
        epochs=150,
        max_steps=70_000,
    ),
    "conv": Recipe("convolutions without normalization, dropout in D", **_CONV, lr=0.001),
    "conv-seed": Recipe(
        "conv with the numbers of the Keras article",
        **_CONV,
        **_SEED,
        fresh_noise=2,
        lr=0.0002,
        batch_size=128,
        epochs=100,
        keep_every=10,
    ),
    "sngan": Recipe("a small pair, D spectrally normalized", networks="sngan", batch_size=16),
    "sngan-seed": Recipe(
        "sngan with the numbers of the PyTorch article",
        networks="sngan",
        **_SEED,
        init="zero-scale",
        fresh_noise=1,
        lr=0.0002,
        batch_size=128,
        epochs=50,
        canvas=5,
    ),
    "sndcgan": Recipe(
        "dcgan-bce, D spectrally normalized, hinge loss", norm="spectral", objective="hinge"
    ),
    "wgan": Recipe(
        "a critic with clipped weights",
        **_WGAN,
        penalty="clip",
        optimizer="rmsprop",
        lr=0.0005,
        batch_size=80,  # 16 for each step of the critic
    ),
    "wgan-seed": Recipe(
        "wgan with the numbers of Arjovsky et al. 2017",
        **_WGAN,
        **_SEED,
        penalty="clip",
        optimizer="rmsprop",
        lr=0.00005,
        batch_size=320,
    ),
    "wgan-gp": Recipe(
        "a critic with a gradient penalty",
        **_WGAN,
        norm="none",
        penalty="gradient-penalty",
        lr=0.001,
        betas=(0.0, 0.9),
        batch_size=80,
    ),
    "lsgan": Recipe("dcgan-bce with least squares", objective="least-squares"),
    "hinge": Recipe("dcgan-bce with the hinge loss", objective="hinge"),
    "rpgan": Recipe(
        "dcgan-bce with relativistic pairs, D without BatchNorm and with its slope penalized",
        **_PAIRS,
        **_ANNEALED,
        norm="none",
        lr=0.001,
        betas=(0.0, 0.99),
    ),
    "r3gan": Recipe("residual networks for two cores, otherwise like rpgan", **_SMALL),
    "cr3gan": Recipe("r3gan with the class as an input to both networks", **_SMALL, classes="data"),
    "r3gan-paper": Recipe(
        "r3gan with the sizes and numbers that Huang et al. 2024 have for stacked digits",
        **_R3GAN,
        width=768,
        max_width=768,
        fresh_noise=1,
        lr=0.0002,
        penalty_weight=1.0,
        penalty_weight_end=0.1,
        ema_half_life=0,
        ema_half_life_end=500_000,
        burn_in=2_000_000,
        batch_size=512,
        epochs=167,
    ),
    "autoencoder": Recipe(
        "images to 16 numbers and back, new ones from a mixture fitted to the codes",
        game="autoencoder",
        batch_size=64,
    ),
    "vae": Recipe(
        "an autoencoder whose codes are random and near N(0, I), which new ones are drawn from",
        game="autoencoder",
        reconstruction="bce",
        kl=1.0,
        components=0,
        batch_size=64,
    ),
    "pix2pix": Recipe(
        "pairs: outlines to digits, or yours",
        game="pix2pix",
        **_EDGES,
        width=16,
        d_width=16,
        lr=0.001,
        epochs=1,
    ),
    "pix2pix-paper": Recipe(
        "pix2pix with the numbers of Isola et al. 2017",
        game="pix2pix",
        **_EDGES,
        **_TRANSLATION,
        dropout=True,
    ),
    "cyclegan": Recipe(
        "two sides without pairs, there and back",
        game="cyclegan",
        **_EDGES,
        width=16,
        blocks=2,
        lambda_cycle=2.0,
        lambda_identity=0.5,
        lr=0.001,
        batch_size=4,
        epochs=1,
        lr_decay=0.5,
    ),
    "cyclegan-paper": Recipe(
        "cyclegan with the numbers of Zhu et al. 2017", game="cyclegan", **_EDGES, **_TRANSLATION
    ),
    "stargan": Recipe(
        "images from any of several domains to any other",
        game="stargan",
        **_MORPHO,
        width=16,
        d_width=16,
        halvings=4,
        blocks=2,
        stem_norm=False,
        lr=0.001,
        batch_size=32,
        critic_steps=2,
        max_steps=18_000,
        lr_decay=0.5,
    ),
    "stargan-paper": Recipe(
        "stargan with the numbers of Choi et al. 2018",
        game="stargan",
        **_MORPHO,
        max_steps=40_000,  # of G, and 200,000 of D
        lr_decay=0.5,
        ema_half_life=0,
    ),
    "starganv2": Recipe(
        "images from any of several domains to any other, in many styles",
        game="starganv2",
        **_STYLES,
        width=16,
        d_width=16,
        max_width=64,
        g_halvings=2,
        blocks=1,
        hidden=128,
        depth=2,
        lr=0.0005,
        f_lr=0.00005,
        lambda_mismatch=1.0,
        lambda_cycle=2.0,
        diversity_images=96_000,
        max_steps=12_000,
    ),
    "starganv2-paper": Recipe(
        "starganv2 with the numbers of Choi et al. 2020",
        game="starganv2",
        **_STYLES,
        g_halvings=1,
        max_steps=100_000,
        ema_half_life=5_500,  # 0.999 a step of 8 images
    ),
}
