"""What moves memory: the copy that everything else is measured against, and PyTorch's own memory-bound kernels."""

import torch
import torch.nn.functional as F

from common import Cases, normal

ELEMENTS = 1 << 26
ROWS = 16384
COLUMNS = 4096


def main():
    cases = Cases()
    for dtype, name in ((torch.float32, "f32"), (torch.bfloat16, "bf16")):
        x = normal(ELEMENTS, dtype=dtype)
        y = normal(ELEMENTS, dtype=dtype)
        out = torch.empty_like(x)
        size = x.element_size()
        n = float(ELEMENTS)
        cases.add("copy", str(ELEMENTS), name, 0, 2 * size * n, lambda x=x, out=out: out.copy_(x))
        cases.add("add", str(ELEMENTS), name, n, 3 * size * n, lambda x=x, y=y, out=out: torch.add(x, y, out=out))
        cases.add("silu", str(ELEMENTS), name, n, 2 * size * n, lambda x=x: F.silu(x))
        cases.add("sum", str(ELEMENTS), name, n, size * n, lambda x=x: x.sum())
        rows = x.view(ROWS, COLUMNS)
        weight = normal(COLUMNS, dtype=dtype)
        cases.add(
            "layer_norm",
            f"{ROWS}x{COLUMNS}",
            name,
            8 * n,
            2 * size * n,
            lambda r=rows, w=weight: F.layer_norm(r, (COLUMNS,), w, w),
        )
        cases.add("softmax", f"{ROWS}x{COLUMNS}", name, 5 * n, 2 * size * n, lambda r=rows: F.softmax(r, 1))
        image = normal(16, 320, 64, 64, dtype=dtype).to(memory_format=torch.channels_last)
        scale = normal(320, dtype=dtype)
        m = float(image.numel())
        cases.add(
            "group_norm silu",
            "16x64x64x320 32",
            name,
            10 * m,
            2 * size * m,
            lambda i=image, s=scale: F.silu(F.group_norm(i, 32, s, s)),
        )
    cases.write()


if __name__ == "__main__":
    main()
