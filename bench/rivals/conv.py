"""Convolutions by cuDNN, layer by layer, channels last: ResNet-50 and EfficientNet-B4 (with its depthwise ones) and Stable Diffusion."""

import torch
import torch.nn.functional as F

from common import SHAPES, Cases, normal


def main():
    cases = Cases()
    for dtype, name in ((torch.bfloat16, "bf16"), (torch.float32, "f32")):
        for network, n, side, c, o, k, stride, groups in SHAPES["convolutions"]:
            x = normal(n, c, side, side, dtype=dtype).to(memory_format=torch.channels_last)
            w = normal(o, c // groups, k, k, dtype=dtype).to(memory_format=torch.channels_last)
            out = (side + 2 * (k // 2) - k) // stride + 1
            flop = 2.0 * n * out * out * o * k * k * (c // groups)
            moved = x.element_size() * (x.numel() + w.numel() + n * out * out * o)
            cases.add(
                "conv2d" if groups == 1 else "depthwise",
                f"{n}x{side}x{side}x{c} {k}x{k}/{stride} {o}",
                name,
                flop,
                moved,
                lambda x=x, w=w, s=stride, p=k // 2, g=groups: F.conv2d(x, w, None, s, p, 1, g),
                network,
            )
    cases.write()


if __name__ == "__main__":
    main()
