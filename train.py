"""Train a GAN: python train.py --epochs 40"""

from paddle_gan.__main__ import main

if __name__ == "__main__":
    raise SystemExit(main(command="train"))
