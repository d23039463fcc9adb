"""Features of Inception v3, from weights in a file or from Paddle's hub.

Szegedy et al. 2016 have the network; Heusel et al. 2017 took the 2,048 features before its last
layer for FID. Published scores are of weights that Google trained in 2015, which several projects
offer for PyTorch and for Paddle, in a network whose pooling differs a little from the published
one (see ``_as_2015``). Those of Paddle's hub were trained on ImageNet anew: scores by them are
scores of their own.
"""

from __future__ import annotations

import hashlib
import re

import numpy as np
import paddle
from paddle import nn
from paddle.vision.models import inceptionv3

from paddle_gan.errors import UserError
from paddle_gan.metrics.features import Features

SIZE = 299
_BATCH = 25
_IMAGENET = np.float32([0.485, 0.456, 0.406]), np.float32([0.229, 0.224, 0.225])
_STEM = "Conv2d_1a_3x3 Conv2d_2a_3x3 Conv2d_2b_3x3 Conv2d_3b_1x1 Conv2d_4a_3x3".split()
BLOCKS = [f"Mixed_{name}" for name in "5b 5c 5d 6a 6b 6c 6d 6e 7a 7b 7c".split()]
RENAMED = {"conv": "0", "bn": "1", "running_mean": "_mean", "running_var": "_variance"}
_UNUSED = re.compile(r"fc\.|AuxLogits\.|.*num_batches_tracked$")


def inception(weights: dict[str, np.ndarray], path: str) -> Features:
    """The feature network of weights that were in a file.

    Those of the network of 2015 under the names that torchvision, pytorch-fid and PaddleGAN have
    (``Conv2d_1a_3x3.conv.weight``), or those of ``paddle.vision.models.inception_v3``. Raises
    UserError for others.
    """
    state = {key: value for key, value in weights.items() if not _UNUSED.match(key)}
    of_2015 = any(name.startswith("Mixed_") for name in state)
    network = inceptionv3.InceptionV3(num_classes=0)
    if of_2015:
        _as_2015(network)
        state = {_paddle_name(name): value for name, value in state.items()}
    _check(state, {key: tuple(v.shape) for key, v in network.state_dict().items()}, path)
    network.set_state_dict({key: np.asarray(value, np.float32) for key, value in state.items()})
    network.eval()
    digest = hashlib.sha256()
    for name in sorted(state):
        digest.update(np.ascontiguousarray(state[name], np.float32))
    sha256, kind = digest.hexdigest(), "2015" if of_2015 else "paddle"
    facts = {"sha256": sha256, "trained_on": f"the weights in {path}"}
    return Features(
        f"inception-v3-{kind}-{sha256[:8]} at {SIZE} pixels",
        facts,
        lambda images: (_embed(network, images, of_2015), None),
    )


def hub_weights() -> str:
    """The file of Paddle's own weights, downloaded once. Raises UserError where that fails."""
    url, md5 = inceptionv3.model_urls["inception_v3"]
    try:
        return inceptionv3.get_weights_path_from_url(url, md5)
    except Exception as error:  # whatever a download may meet
        raise UserError(
            "Paddle's Inception weights cannot be downloaded; give --features a file of weights, "
            "or leave it out"
        ) from error


def _paddle_name(name: str) -> str:
    """``Mixed_5b.branch1x1.bn.running_mean`` as paddle.vision's network calls it."""
    block, *parts = name.split(".")
    if block in _STEM:
        first = f"inception_stem.{block.replace('Conv2d', 'conv')}"
    elif block in BLOCKS:
        first = f"inception_block_list.{BLOCKS.index(block)}"
    else:
        return name
    parts = [RENAMED.get(part, part) for part in parts]
    return ".".join([first, *(p + "_conv" if p == "branch_pool" else p for p in parts)])


def _as_2015(network: nn.Layer) -> None:
    """The network as its weights of 2015 were trained: averages of pixels inside the image alone, a
    maximum for the average in the last block, and its own epsilon in BatchNorm.
    """
    for layer in network.sublayers():
        if isinstance(layer, nn.AvgPool2D):
            layer.exclusive = True
        if isinstance(layer, nn.BatchNorm2D):
            layer._epsilon = 1e-3
    network.inception_block_list[-1].branch_pool = nn.MaxPool2D(3, stride=1, padding=1)


def _check(state: dict, expected: dict, path: str) -> None:
    for name, shape in expected.items():
        found = getattr(state.get(name), "shape", None)
        if found != shape:
            told = f"has shape {found}" if found else "is missing"
            raise UserError(f"{path} holds no weights of Inception v3: {name} {told}, not {shape}")
        if not np.isfinite(state[name]).all():
            raise UserError(f"{path}: {name} holds NaN or infinity")


def _embed(network: nn.Layer, images: np.ndarray, of_2015: bool) -> np.ndarray:
    found = []
    for start in range(0, len(images), _BATCH):
        batch = enlarged(images[start : start + _BATCH])
        if of_2015:
            batch = (batch - 128) / 128
        else:
            mean, deviation = _IMAGENET
            batch = (batch / 255 - mean[:, None, None]) / deviation[:, None, None]
        with paddle.no_grad():
            found.append(network(paddle.to_tensor(batch)).flatten(1).numpy())
    return np.concatenate(found)


def enlarged(images: np.ndarray) -> np.ndarray:
    """uint8 N x C x H x W to float32 N x 3 x 299 x 299 in 0..255, not rounded again.

    Bilinear as TensorFlow 1 has it, from which the published scores are: pixel i of the result is
    read at i H / 299, without an offset of half a pixel and without averaging where it shrinks.
    """
    images = np.broadcast_to(images, (len(images), 3, *images.shape[2:])).astype(np.float32)
    down, across = (_bilinear(size) for size in images.shape[2:])
    return down @ images @ across.T


def _bilinear(size: int) -> np.ndarray:
    places = np.arange(SIZE) * (size / SIZE)
    low = places.astype(int)
    share = (places - low).astype(np.float32)
    matrix = np.zeros((SIZE, size), np.float32)
    np.add.at(matrix, (np.arange(SIZE), low), 1 - share)
    np.add.at(matrix, (np.arange(SIZE), np.minimum(low + 1, size - 1)), share)
    return matrix
