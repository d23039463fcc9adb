"""What a page to play with offers, whether Python is behind it or a folder of files."""

from __future__ import annotations

import os

from paddle_gan.checkpoints.generators import Opened, open_checkpoint, open_network
from paddle_gan.errors import UserError
from paddle_gan.sampling.drawing import regions_of

MOST = 4.0  # the end of the slider of truncation, where there is none
SLIDERS = 6
# What a network takes, and what a page does with it.
KINDS = {
    ("z", "label"): "draws",
    ("z",): "draws",
    ("image",): "translates",
    ("image", "domain"): "translates",
    ("image", "style"): "translates",
}
TEXTS = {
    "en": {
        "drawing": "Image",  # Gradio has texts of its own below "image"
        "seed": "Seed",
        "class": "Class",
        "truncation": "Truncation: less is more typical",
        "reset": "Directions back to 0",
        "walk": "Walk",
        "seeds": "Seeds, with commas between",
        "frames": "Frames",
        "go": "Draw the walk",
        "input": "Upload an image, or draw one",
        "domain": "Translate to",
        "style": "Seed of the style",
        "mix": "Share of the reference in the style",
        "reference": "Reference: an image whose style is taken",
        "output": "Translation",
        "back": "And back",
        "translate": "Translate",
        "pen": "Pen",
        "clear": "Clear",
        "loading": "Loading …",
        "which seeds": "seeds are whole numbers from 0 to {}, with commas between",
        **{f"way{i}": f"Direction {i + 1}" for i in range(SLIDERS)},
    },
    "zh-CN": {
        "drawing": "图像",
        "seed": "种子",
        "class": "类别",
        "truncation": "截断：越小越典型",
        "reset": "方向归零",
        "walk": "漫步",
        "seeds": "种子，用逗号隔开",
        "frames": "帧数",
        "go": "画出漫步",
        "input": "上传一张图，或自己画一张",
        "domain": "翻译成",
        "style": "风格的种子",
        "mix": "参考图在风格中占的比例",
        "reference": "参考图：取它的风格",
        "output": "翻译结果",
        "back": "再翻译回去",
        "translate": "翻译",
        "pen": "画笔",
        "clear": "清空",
        "loading": "加载中……",
        "which seeds": "种子是 0 到 {} 的整数，用逗号隔开",
        **{f"way{i}": f"方向 {i + 1}" for i in range(SLIDERS)},
    },
}


def open_for_page(checkpoint: str | os.PathLike) -> tuple[str, Opened]:
    """What the page of a checkpoint does, "draws" or "translates", and the networks for it.

    Raises UserError for a network that gives no images of latents or of images.
    """
    opened = open_network(checkpoint)
    takes = opened.game.takes.get(opened.name, ("image",))
    if opened.name in opened.game.gives or takes not in KINDS:
        raise UserError(f"{checkpoint} gives no images of latents or of images; there is no page")
    kind = KINDS[takes]
    return kind, open_checkpoint(checkpoint) if kind == "translates" else opened


def title_of(opened: Opened) -> str:
    return f"{opened.config['recipe']}: {opened.name}" if opened.config else opened.name


def classes_of(opened: Opened) -> list[str]:
    """The names of what the network can be asked for: classes, or domains."""
    network = opened.networks[opened.name]
    regions = regions_of(network)
    numbers = range(regions.number if regions else getattr(network, "classes", 0))
    names = getattr(network, "class_names", None) or map(str, numbers)
    asked = "domain" in opened.game.asked or len(numbers) > 0
    return list(names) if asked else []
