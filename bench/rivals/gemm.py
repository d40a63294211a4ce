"""Matrix products by cuBLAS: bf16, f16 and fp32 without TF32. Squares, the layers of the LFDN, and those of Stable Diffusion."""

import torch

from common import SHAPES, Cases, normal


def main():
    cases = Cases()
    for dtype, name in ((torch.bfloat16, "bf16"), (torch.float16, "f16"), (torch.float32, "f32")):
        for m, n, k in [(s, s, s) for s in SHAPES["squares"]] + SHAPES["products"]:
            a = normal(m, k, dtype=dtype)
            b = normal(k, n, dtype=dtype)
            y = torch.empty(m, n, device="cuda", dtype=dtype)
            size = a.element_size()
            cases.add(
                "matmul",
                f"{m}x{n}x{k}",
                name,
                2.0 * m * n * k,
                size * (m * k + k * n + m * n),
                lambda a=a, b=b, y=y: torch.mm(a, b, out=y),
            )
    cases.write()


if __name__ == "__main__":
    main()
