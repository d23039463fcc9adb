"""Compare FID, KID and what Inception sees with torch-fidelity's, on the same features and images.

python benchmarks/fidelity.py write work/fidelity          # with this package
python benchmarks/fidelity.py compare work/fidelity        # with torch and torch-fidelity

The two need no common environment: the first writes features, images and scores, the second
computes the same of them. It ends with status 1 where FID or KID differ by more than 1e-6.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from unittest import mock

import numpy as np

TOLERANCE = 1e-6  # relative
SHAPES = {"64 features, 2,000 of each": (2000, 64), "2,048 features, 3,000 of each": (3000, 2048)}


def features(n: int, d: int) -> tuple[np.ndarray, np.ndarray]:
    """Two sets as a ReLU leaves them: none below 0, sparse, correlated."""
    rng = np.random.default_rng(d)
    mix = rng.normal(size=(d, d)) / np.sqrt(d)
    return tuple(
        np.maximum(rng.normal(shift, 1, (n, d)) @ mix, 0).astype(np.float32) for shift in (0, 0.1)
    )


def random_weights() -> dict[str, np.ndarray]:
    """Values for the network of 2015, under the names that its weights have."""
    from paddle.vision.models import inceptionv3

    from paddle_gan.metrics.inception import BLOCKS, RENAMED

    back = {ours: theirs for theirs, ours in RENAMED.items()}
    rng, found = np.random.default_rng(2), {}
    for name, value in inceptionv3.InceptionV3(num_classes=0).state_dict().items():
        first, inner, *rest = name.split(".")
        stem = first == "inception_stem"
        block = inner.replace("conv", "Conv2d") if stem else BLOCKS[int(inner)]
        rest = [back.get(part, part.replace("_conv", "")) for part in rest]
        scale = np.sqrt(2 / np.prod(value.shape[1:])) if len(value.shape) > 1 else 0.1
        drawn = rng.normal(rest[-2:] == ["bn", "weight"], scale, value.shape)
        drawn = np.abs(drawn) + 1 if rest[-1] == "running_var" else drawn
        found[".".join([block, *rest])] = drawn.astype(np.float32)
    return found


def write(folder: Path) -> None:
    from paddle_gan.system.runtime import import_paddle

    import_paddle()
    from paddle_gan.metrics import inception, scores

    folder.mkdir(parents=True, exist_ok=True)
    images = np.random.default_rng(1).integers(256, size=(4, 3, 64, 64), dtype=np.uint8)
    found = {}
    for number, (name, shape) in enumerate(SHAPES.items()):
        real, fake = features(*shape)
        np.savez(folder / f"features-{number}.npz", real=real, fake=fake)
        kid, _ = scores.kid(real, fake, subsets=1, subset_size=len(real))  # of all, in any order
        found[name] = {"FID": scores.fid(real, fake), "KID": kid}
    weights = random_weights()
    seen, _ = inception.inception(weights, "random").embed(images)
    np.savez(folder / "images.npz", images=images, enlarged=inception.enlarged(images), seen=seen)
    np.savez(folder / "weights.npz", **weights)
    (folder / "scores.json").write_text(json.dumps(found))


def compare(folder: Path) -> None:
    import torch

    names = "", ".datasets", ".transforms", ".transforms.functional"
    for name in names:  # torchvision is imported for networks that are not used here
        sys.modules.setdefault(f"torchvision{name}", mock.MagicMock())
    from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3
    from torch_fidelity.interpolate_compat_tensorflow import (
        interpolate_bilinear_2d_like_tensorflow1x,
    )
    from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric
    from torch_fidelity.metric_kid import kid_features_to_metric

    ours, worst = json.loads((folder / "scores.json").read_text()), 0.0
    print("| | score | this package | torch-fidelity | relative difference |\n|-|-|-|-|-|")
    for number, name in enumerate(SHAPES):
        with np.load(folder / f"features-{number}.npz") as arrays:
            real, fake = (torch.from_numpy(arrays[each]) for each in ("real", "fake"))
        statistics = [fid_features_to_statistics(each) for each in (real, fake)]
        fid = fid_statistics_to_metric(*statistics, verbose=False)
        kid = kid_features_to_metric(
            real.double(), fake.double(), kid_subsets=1, kid_subset_size=len(real), verbose=False
        )
        theirs = {
            "FID": next(iter(fid.values())),
            "KID": kid["kernel_inception_distance_mean"],
        }
        for score, value in theirs.items():
            mine = ours[name][score]
            worst = max(worst, difference := abs(mine - value) / abs(value))
            print(f"| {name} | {score} | {mine:.10g} | {value:.10g} | {difference:.1e} |")
    with np.load(folder / "images.npz") as arrays:
        images = torch.from_numpy(arrays["images"]).float()
        theirs = interpolate_bilinear_2d_like_tensorflow1x(images, (299, 299), align_corners=False)
        gap = np.abs(theirs.numpy() - arrays["enlarged"]).max()
        theirs = network(folder, FeatureExtractorInceptionV3)(arrays["images"])
        seen = np.abs(theirs - arrays["seen"]).max() / np.abs(theirs).max()
    print(f"\nImages at 299 pixels, 0 to 255: largest difference {gap:.1e}")
    print(f"Inception with the same random weights: largest difference {seen:.1e} of the largest")
    sys.exit(int(worst > TOLERANCE or gap > 1e-3 or seen > 1e-4))


def network(folder: Path, extractor):
    """torch-fidelity's Inception with the weights that this package had, as a function."""
    import torch

    with np.load(folder / "weights.npz") as arrays:
        state = {name: torch.from_numpy(value) for name, value in arrays.items()}
    state.update({"fc.weight": torch.zeros(1008, 2048), "fc.bias": torch.zeros(1008)})
    for name in [name for name in state if name.endswith("running_var")]:
        state[name.replace("running_var", "num_batches_tracked")] = torch.tensor(0)
    torch.save(state, folder / "weights.pth")
    found = extractor("same", ["2048"], feature_extractor_weights_path=folder / "weights.pth")
    return lambda images: found(torch.from_numpy(images))[0].numpy()


if __name__ == "__main__":
    {"write": write, "compare": compare}[sys.argv[1]](Path(sys.argv[2]))
