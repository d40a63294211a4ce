"""Convolutions by cuDNN, layer by layer, channels last: ResNet-50 and EfficientNet-B4 (with its depthwise ones) and Stable Diffusion."""

import torch
import torch.nn.functional as F

from common import Cases, normal

# (network, images, side, channels, outputs, kernel, stride, groups)
LAYERS = [
    ("resnet50", 64, 224, 3, 64, 7, 2, 1),
    ("resnet50", 64, 56, 64, 64, 1, 1, 1),
    ("resnet50", 64, 56, 64, 64, 3, 1, 1),
    ("resnet50", 64, 56, 64, 256, 1, 1, 1),
    ("resnet50", 64, 56, 256, 128, 1, 1, 1),
    ("resnet50", 64, 56, 128, 128, 3, 2, 1),
    ("resnet50", 64, 28, 128, 512, 1, 1, 1),
    ("resnet50", 64, 28, 512, 256, 1, 1, 1),
    ("resnet50", 64, 28, 256, 256, 3, 2, 1),
    ("resnet50", 64, 14, 256, 1024, 1, 1, 1),
    ("resnet50", 64, 14, 256, 256, 3, 1, 1),
    ("resnet50", 64, 14, 512, 512, 3, 2, 1),
    ("resnet50", 64, 7, 512, 512, 3, 1, 1),
    ("resnet50", 64, 7, 512, 2048, 1, 1, 1),
    ("efficientnet_b4", 64, 380, 3, 48, 3, 2, 1),
    ("efficientnet_b4", 64, 190, 48, 48, 3, 1, 48),
    ("efficientnet_b4", 64, 190, 48, 24, 1, 1, 1),
    ("efficientnet_b4", 64, 190, 24, 144, 1, 1, 1),
    ("efficientnet_b4", 64, 190, 144, 144, 3, 2, 144),
    ("efficientnet_b4", 64, 95, 144, 32, 1, 1, 1),
    ("efficientnet_b4", 64, 95, 32, 192, 1, 1, 1),
    ("efficientnet_b4", 64, 95, 192, 192, 5, 2, 192),
    ("efficientnet_b4", 64, 48, 56, 336, 1, 1, 1),
    ("efficientnet_b4", 64, 48, 336, 336, 3, 2, 336),
    ("efficientnet_b4", 64, 24, 112, 672, 1, 1, 1),
    ("efficientnet_b4", 64, 24, 672, 672, 5, 1, 672),
    ("efficientnet_b4", 64, 24, 672, 160, 1, 1, 1),
    ("efficientnet_b4", 64, 24, 960, 960, 5, 2, 960),
    ("efficientnet_b4", 64, 12, 960, 272, 1, 1, 1),
    ("efficientnet_b4", 64, 12, 1632, 1632, 5, 1, 1632),
    ("efficientnet_b4", 64, 12, 1632, 448, 1, 1, 1),
    ("efficientnet_b4", 64, 12, 448, 1792, 1, 1, 1),
    ("sd", 2, 64, 4, 320, 3, 1, 1),
    ("sd", 2, 64, 320, 320, 3, 1, 1),
    ("sd", 2, 64, 320, 320, 3, 2, 1),
    ("sd", 2, 32, 640, 640, 3, 1, 1),
    ("sd", 2, 16, 1280, 1280, 3, 1, 1),
    ("sd", 2, 8, 1280, 1280, 3, 1, 1),
    ("sd", 2, 64, 960, 320, 3, 1, 1),
    ("sd", 2, 64, 320, 4, 3, 1, 1),
]


def main():
    cases = Cases()
    for dtype, name in ((torch.bfloat16, "bf16"), (torch.float32, "f32")):
        for network, n, side, c, o, k, stride, groups in LAYERS:
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
