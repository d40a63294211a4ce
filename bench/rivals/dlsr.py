"""DLSR scoring end to end: images in pinned memory, EfficientNet-B4's pooled features of five stages, one pass of the LFDN, the mean
cosine of the groups back on the host. Rows count images. Needs torchvision."""

import torch
import torch.nn.functional as F
from torch import nn

from common import Cases

BATCHES = [32, 128, 256]
SIDE = 224
TAPS = (24, 32, 56, 160, 448)  # stages by their channels
FEATURES = sum(TAPS)
WIDTH = 1440
TIME = 720
BLOCKS = 16
FLOP = 2 * (4.39e9 * (SIDE / 380) ** 2 + 86.7e6)


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.before = nn.LayerNorm(WIDTH)
        self.first = nn.Linear(WIDTH, WIDTH)
        self.time = nn.Linear(TIME, WIDTH)
        self.between = nn.LayerNorm(WIDTH)
        self.second = nn.Linear(WIDTH, WIDTH)

    def forward(self, x, time):
        h = self.first(F.silu(self.before(x))) + self.time(time)
        return x + self.second(F.silu(self.between(h)))


class Lfdn(nn.Module):
    """The paper's denoiser for EfficientNet-B4 (org.reverie.ood.dlsr.Lfdn): 86.7 million weights, here random."""

    def __init__(self):
        super().__init__()
        self.time = nn.Sequential(nn.Linear(2 * TIME, TIME), nn.SiLU(), nn.Linear(TIME, TIME), nn.SiLU())
        self.first = nn.Linear(FEATURES, WIDTH)
        self.blocks = nn.ModuleList(Block() for _ in range(BLOCKS))
        self.norm = nn.LayerNorm(WIDTH)
        self.last = nn.Linear(WIDTH, FEATURES)

    def forward(self, x, sinusoids):
        time = self.time(sinusoids)
        h = self.first(F.silu(x))
        for block in self.blocks:
            h = block(h, time)
        return self.last(F.silu(self.norm(h)))


class Scoring(nn.Module):
    def __init__(self, stages):
        super().__init__()
        self.stages = stages
        self.lfdn = Lfdn()
        self.register_buffer("sinusoids", torch.randn(1, 2 * TIME))

    def forward(self, pixels):
        x = (pixels.to(torch.bfloat16) / 255 - 0.45) / 0.225
        x = x.permute(0, 3, 1, 2)
        pooled = []
        for stage in self.stages:
            x = stage(x)
            if x.shape[1] in TAPS:
                pooled.append(x.mean((2, 3)))
        z = torch.cat(pooled, 1)
        y = self.lfdn(0.99 * z, self.sinusoids)
        groups = zip(z.float().split(TAPS, 1), y.float().split(TAPS, 1))
        return -torch.stack([F.cosine_similarity(a, b) for a, b in list(groups)[1:]]).mean(0)


def main():
    from torchvision.models import efficientnet_b4

    cases = Cases()
    stages = efficientnet_b4(weights=None).features[:-1]
    model = Scoring(stages).cuda().eval().to(torch.bfloat16).to(memory_format=torch.channels_last)
    ways = {"eager": model, "torch.compile max-autotune": torch.compile(model, mode="max-autotune")}
    for batch in BATCHES:
        host = torch.randint(0, 256, (batch, SIDE, SIDE, 3), dtype=torch.uint8).pin_memory()
        for note, net in ways.items():

            def score(net=net, host=host):
                with torch.inference_mode():
                    return net(host.cuda(non_blocking=True)).cpu()

            cases.add("dlsr_score", f"{batch}x{SIDE}x{SIDE}", "bf16", FLOP * batch, float(host.numel()), score, note)
    for row in cases.rows:
        if "kernel_microseconds" in row:
            row["images_per_second"] = int(row["shape"].split("x")[0]) / row["kernel_microseconds"] * 1e6
    cases.write()


if __name__ == "__main__":
    main()
