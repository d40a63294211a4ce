"""How the rivals are timed, and the JSON that they leave: the shape of org.reverie.gpu.Speeds, so that rows can be laid beside each other.

Every script takes the name of its result: python3 gemm.py gemm.json. A case is timed by device events around each call, after the
L2 cache was flushed by writing a buffer larger than it; inputs are random normal; the median of REPEATS calls counts.
"""

import json
import pathlib
import platform
import statistics
import subprocess
import sys
import time

import torch

REPEATS = 21
WARM_SECONDS = 0.2
FLUSH_BYTES = 256 << 20

# What org.reverie.gpu.SpeedCases takes too. products: (rows, columns, depth), squares for all three, then the LFDN at the widths of its
# encoders and Stable Diffusion v1.5 at 512 x 512 with two prompts; convolutions: (network, images, side, channels, outputs,
# kernel, stride, groups); attention: so many numbers in a query tensor, from which the number of heads follows.
SHAPES = json.loads((pathlib.Path(__file__).parent / "shapes.json").read_text())


class Cases:
    def __init__(self):
        if len(sys.argv) != 2:
            sys.exit(f"usage: {sys.argv[0]} RESULT.json")
        if not torch.cuda.is_available():
            print("no CUDA device for PyTorch", file=sys.stderr)
            sys.exit(3)
        torch.backends.cuda.matmul.allow_tf32 = False
        torch.backends.cudnn.allow_tf32 = False
        torch.backends.cudnn.benchmark = True
        torch.manual_seed(7)
        self.rows = []
        self.flush = torch.empty(FLUSH_BYTES // 4, device="cuda")

    def add(self, op, shape, dtype, flop, moved, work, note=""):
        """Times one case. flop and moved (bytes) are those of one call; what fails is noted with its reason."""
        row = {"op": op, "shape": shape, "dtype": dtype, "note": note}
        try:
            micros = self.times(work)
        except (RuntimeError, NotImplementedError) as e:
            row["failed"] = str(e).splitlines()[0]
            print(f"{op:16} {shape:32} {dtype:6} {note:20} failed: {row['failed']}")
        else:
            median = statistics.median(micros)
            row.update(
                kernel_microseconds=median,
                fastest=min(micros),
                slowest=max(micros),
                gflops=flop / median / 1e3,
                gigabytes_per_second=moved / median / 1e3,
            )
            print(
                f"{op:16} {shape:32} {dtype:6} {note:20} {median:12.2f} us {flop / median / 1e6:10.2f} TFLOP/s"
                f" {moved / median / 1e3:10.1f} GB/s"
            )
        self.rows.append(row)

    def times(self, work):
        """Microseconds of REPEATS calls."""
        until = time.monotonic() + WARM_SECONDS
        work()
        torch.cuda.synchronize()
        while time.monotonic() < until:
            work()
            torch.cuda.synchronize()
        micros = []
        for _ in range(REPEATS):
            begin = torch.cuda.Event(enable_timing=True)
            end = torch.cuda.Event(enable_timing=True)
            self.flush.zero_()
            begin.record()
            work()
            end.record()
            torch.cuda.synchronize()
            micros.append(begin.elapsed_time(end) * 1e3)
        return micros

    def write(self):
        result = {
            "device": "cuda:0",
            "description": torch.cuda.get_device_name(0),
            "driver": driver(),
            "python": platform.python_version(),
            "pytorch": torch.__version__,
            "cuda": torch.version.cuda,
            "cudnn": torch.backends.cudnn.version(),
            "cublas": cublas(),
            "tf32": False,
            "repeats": REPEATS,
            "caches": "L2 flushed before every call",
            "cases": self.rows,
        }
        with open(sys.argv[1], "w", encoding="utf-8") as out:
            json.dump(result, out, indent=2)
            out.write("\n")


def driver():
    try:
        said = subprocess.run(
            ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"],
            capture_output=True,
            text=True,
            check=True,
        )
        return said.stdout.splitlines()[0]
    except (OSError, subprocess.CalledProcessError, IndexError):
        return "unknown"


def cublas():
    """The version that the library itself reports."""
    import ctypes

    for name in ("libcublas.so.13", "libcublas.so.12", "libcublas.so.11"):
        try:
            library = ctypes.CDLL(name)
        except OSError:
            continue
        parts = []
        for which in range(3):
            value = ctypes.c_int()
            if library.cublasGetProperty(which, ctypes.byref(value)) != 0:
                return name
            parts.append(str(value.value))
        return ".".join(parts)
    return "unknown"


def normal(*shape, dtype=torch.float32):
    return torch.randn(*shape, device="cuda", dtype=torch.float32).to(dtype)
