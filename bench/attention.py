"""Self-attention beside torch's own layer, and the memory that chunks save.

Both sides have the same weights and return the same weights and outputs, turn by turn in one process on one core.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.profiler import ProfilerActivity, profile

from attnkit import (
    MultiHeadWeights,
    Projections,
    assume_finite,
    attend,
    chunked_attend,
    multi_head_attend,
    scaled_dot_scores,
    self_attend,
)

WIDTH, HEADS = 256, 8
LENGTHS = 128, 512, 2048
LONG, D_K = 8192, 64
ROUNDS = 15


def measure() -> dict[str, float]:
    """Return our time over torch's for one head and for several, and our memory without chunks over that with them."""
    torch.set_num_threads(1)
    results = {}
    with torch.inference_mode():
        for heads, name in ((1, "self_attend"), (HEADS, "multi_head_attend")):
            layer = nn.MultiheadAttention(WIDTH, heads, bias=False, batch_first=True).eval()
            for n in LENGTHS:
                tokens = torch.randn(1, n, WIDTH)
                ours, theirs = sides(layer, heads, tokens)
                torch.testing.assert_close(ours(), theirs(), atol=1e-5, rtol=1e-4)
                with assume_finite():
                    results[f"{name}, n = {n}: time over nn.MultiheadAttention's (wanted: at most 1.2)"] = ratio(
                        ours, theirs
                    )
                results[f"{name}, n = {n}: the same, and every number checked"] = ratio(ours, theirs)
        queries, keys, values = torch.randn(3, LONG, D_K)
        whole = peak(lambda: attend(queries, keys, values, score=scaled_dot_scores))
        chunks = peak(lambda: chunked_attend(queries, keys, values))
    return {
        **results,
        f"attend, n = {LONG}: peak MB": whole / 1e6,
        f"chunked_attend, n = {LONG}: peak MB": chunks / 1e6,
        "chunked_attend: times less memory (wanted: 8)": whole / chunks,
    }


def sides(layer: nn.MultiheadAttention, heads: int, tokens: Tensor) -> tuple[Callable[[], Tensor], ...]:
    """Return the two functions that are compared: the output of ours, and that of torch."""
    parts = *layer.in_proj_weight.chunk(3), layer.out_proj.weight

    def one() -> Tensor:
        return nn.functional.linear(self_attend(tokens, Projections(*parts[:3])).output, parts[3])

    def several() -> Tensor:
        return multi_head_attend(tokens, MultiHeadWeights(*parts), heads).output

    def theirs() -> Tensor:
        return layer(tokens, tokens, tokens, need_weights=True, average_attn_weights=False)[0]

    return (one if heads == 1 else several), theirs


def ratio(ours: Callable[[], Tensor], theirs: Callable[[], Tensor]) -> float:
    """Return the median of our time over theirs, in turns."""
    found = []
    for _ in range(ROUNDS):
        times = []
        for side in (ours, theirs):
            begin = time.perf_counter()
            side()
            times.append(time.perf_counter() - begin)
        found.append(times[0] / times[1])
    return statistics.median(found)


def peak(work: Callable[[], object]) -> int:
    """Return the most bytes that torch has held at once beside what was there before."""
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as record:
        work()
    held = most = 0
    for event in record.profiler.kineto_results.events():
        if event.name() == "[memory]":
            held += event.nbytes()
            most = max(most, held)
    return most
