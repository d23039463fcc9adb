"""What the page says, in the languages of its readers."""

from __future__ import annotations

_WAYS = 8  # names of directions, at least as many as there are sliders
TEXTS = {
    "en": {
        "image": "Image",
        "seed": "Seed",
        "class": "Class",
        "truncation": "Truncation: less is more typical",
        "reset": "Directions back to 0",
        "walk": "Walk",
        "seeds": "Seeds, with commas between",
        "frames": "Frames",
        "go": "Draw the walk",
        "input": "Upload an image, or draw one",
        "output": "Translation",
        "back": "And back",
        "translate": "Translate",
        **{f"way{i}": f"Direction {i + 1}" for i in range(_WAYS)},
    },
    "zh-CN": {
        "image": "图像",
        "seed": "种子",
        "class": "类别",
        "truncation": "截断：越小越典型",
        "reset": "方向归零",
        "walk": "漫步",
        "seeds": "种子，用逗号隔开",
        "frames": "帧数",
        "go": "画出漫步",
        "input": "上传一张图，或自己画一张",
        "output": "翻译结果",
        "back": "再翻译回去",
        "translate": "翻译",
        **{f"way{i}": f"方向 {i + 1}" for i in range(_WAYS)},
    },
}
