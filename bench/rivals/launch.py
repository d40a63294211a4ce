"""What starting a kernel costs the host: one small addition after the other, and a graph of a thousand of them."""

import time

import torch

from common import Cases

CALLS = 1000


def seconds(work):
    torch.cuda.synchronize()
    start = time.perf_counter()
    work()
    torch.cuda.synchronize()
    return time.perf_counter() - start


def main():
    cases = Cases()
    x = torch.ones(1, device="cuda")
    y = torch.ones(1, device="cuda")

    def calls():
        for _ in range(CALLS):
            torch.add(x, y, out=y)

    calls()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        calls()
    for op, work in (("launch", calls), ("graph replay", graph.replay)):
        work()
        times = sorted(seconds(work) / CALLS * 1e6 for _ in range(21))
        cases.rows.append(
            {
                "op": op,
                "shape": f"{CALLS} additions of 1",
                "dtype": "f32",
                "note": "host clock, of one kernel",
                "microseconds": times[len(times) // 2],
                "fastest": times[0],
                "slowest": times[-1],
            }
        )
        print(f"{op:16} {times[len(times) // 2]:8.3f} us a kernel")
    cases.write()


if __name__ == "__main__":
    main()
