"""PyTorch's scaled dot product attention, forward and backward, by every backend that takes the case."""

import torch
import torch.nn.functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel

from common import SHAPES, Cases, normal

BACKENDS = {
    "flash": SDPBackend.FLASH_ATTENTION,
    "cudnn": SDPBackend.CUDNN_ATTENTION,
    "efficient": SDPBackend.EFFICIENT_ATTENTION,
    "math": SDPBackend.MATH,
}


def add(cases, tokens, keys, width, causal):
    heads = max(1, min(64, SHAPES["attention"]["elements"] // (tokens * width)))
    q = normal(1, heads, tokens, width, dtype=torch.bfloat16).requires_grad_()
    k = normal(1, heads, keys, width, dtype=torch.bfloat16).requires_grad_()
    v = normal(1, heads, keys, width, dtype=torch.bfloat16).requires_grad_()
    g = normal(1, heads, tokens, width, dtype=torch.bfloat16)
    flop = 4.0 * heads * tokens * keys * width * (0.5 if causal else 1)
    moved = 2.0 * heads * width * 2 * (tokens + keys)
    shape = f"1x{heads}x{tokens}x{keys}x{width}" + (" causal" if causal else "")
    for name, backend in BACKENDS.items():
        if name == "math" and tokens * keys * heads > 1 << 31:
            continue

        def forward(backend=backend):
            with sdpa_kernel(backend), torch.no_grad():
                F.scaled_dot_product_attention(q, k, v, is_causal=causal)

        def both(backend=backend):
            with sdpa_kernel(backend):
                y = F.scaled_dot_product_attention(q, k, v, is_causal=causal)
            torch.autograd.grad(y, (q, k, v), g)

        cases.add("attention", shape, "bf16", flop, moved, forward, name)
        cases.add("attention both", shape, "bf16", 3.5 * flop, 3 * moved, both, name)


def main():
    cases = Cases()
    shapes = SHAPES["attention"]
    for width in shapes["widths"]:
        for tokens in shapes["tokens"]:
            add(cases, tokens, tokens, width, False)
        add(cases, 4096, shapes["text"], width, False)
    for tokens in shapes["tokens"]:
        add(cases, tokens, tokens, shapes["causal_width"], True)
    cases.write()


if __name__ == "__main__":
    main()
