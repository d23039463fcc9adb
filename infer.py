"""Draw images from a checkpoint: python infer.py work/Gnet.pdparams"""

from paddle_gan.__main__ import main

if __name__ == "__main__":
    raise SystemExit(main(command="infer"))
