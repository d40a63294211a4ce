"""Matrix products by cuBLAS: bf16, f16 and fp32 without TF32. Squares, the layers of the LFDN, and those of Stable Diffusion."""

import torch

from common import Cases, normal

SQUARES = [256, 1024, 2048, 4096, 6144, 8192]

# (rows, columns, depth): LFDN at the widths of its encoders, then SD v1.5 at 512 x 512 with two prompts.
OTHERS = [
    (128, 1440, 1440),
    (128, 960, 960),
    (1024, 1440, 1440),
    (8192, 320, 320),
    (8192, 2560, 320),
    (8192, 320, 1280),
    (2048, 640, 640),
    (2048, 5120, 640),
    (2048, 640, 2560),
    (512, 1280, 1280),
    (512, 10240, 1280),
    (154, 320, 768),
    (154, 1280, 768),
]


def main():
    cases = Cases()
    for dtype, name in ((torch.bfloat16, "bf16"), (torch.float16, "f16"), (torch.float32, "f32")):
        for m, n, k in [(s, s, s) for s in SQUARES] + OTHERS:
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
