"""EfficientNet-B4's forward pass at 380 x 380 and, as in DLSR, at 224 x 224, channels last, bf16: eager, compiled, and compiled into a graph. Needs torchvision."""

import torch

from common import Cases, normal

BATCHES = [1, 32, 256]
SIDES = [224, 380]
FLOP = 2 * 4.39e9  # of one image of 380 x 380, two to a multiply-add


def main():
    from torchvision.models import efficientnet_b4

    cases = Cases()
    model = efficientnet_b4(weights=None).cuda().eval().to(torch.bfloat16).to(memory_format=torch.channels_last)
    ways = {
        "eager": model,
        "torch.compile": torch.compile(model),
        "torch.compile max-autotune": torch.compile(model, mode="max-autotune"),
    }
    for batch, side in [(b, s) for b in BATCHES for s in SIDES]:
        x = normal(batch, 3, side, side, dtype=torch.bfloat16).to(memory_format=torch.channels_last)
        for note, net in ways.items():

            def forward(net=net, x=x):
                with torch.inference_mode():
                    net(x)

            cases.add("efficientnet_b4", f"{batch}x{side}x{side}", "bf16", FLOP * batch * (side / 380) ** 2, 2.0 * x.numel(), forward, note)
    cases.write()


if __name__ == "__main__":
    main()
