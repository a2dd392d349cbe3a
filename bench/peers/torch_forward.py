#!/usr/bin/python3
"""torchvision's network in evaluation mode: the forward benchmark's peer.

    /usr/bin/python3 bench/peers/torch_forward.py --model r2plus1d_18 --threads 2 --configuration best

default: fp32, eval and inference_mode, as people write it.
best: the fastest on this machine of, all in channels_last_3d and inference_mode: bf16 autocast; weights in bf16; batch normalisation fused
into the convolutions, weights in bf16; the same traced, frozen and optimised for inference; and fused in fp32. Each is tried on the batch before the clock starts;
--variant takes one of them untried.
"""
import argparse
import copy
import json
import resource
import time
import warnings

import torch
import torch.fx.experimental.optimization

import networks

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--model", default="r2plus1d_18")
parser.add_argument("--frames", type=int, default=8)
parser.add_argument("--size", type=int, default=112)
parser.add_argument("--batch", type=int, default=8)
parser.add_argument("--width", type=float, default=1)
parser.add_argument("--steps", type=int, default=5, help="measured batches, after two and four seconds for warming up")
parser.add_argument("--threads", type=int, required=True)
parser.add_argument("--configuration", choices=["default", "best"], default="best")
parser.add_argument("--variant", help="the variant that an earlier call found to be the fastest")
a = parser.parse_args()

warnings.filterwarnings("ignore")
torch.set_num_threads(a.threads)
torch.manual_seed(0)
network = networks.video(a.model, a.width).eval()
network.fc = torch.nn.Identity()
clips = torch.randn(a.batch, 3, a.frames, a.size, a.size)


def seconds_of(forward):
    start = time.perf_counter()
    forward().float().numpy()
    return time.perf_counter() - start


def autocast(module, inputs):
    def forward():
        with torch.autocast("cpu", torch.bfloat16):
            return module(inputs)
    return forward


def variants():
    inputs = clips.to(memory_format=torch.channels_last_3d)
    half = inputs.bfloat16()
    plain = networks.best(copy.deepcopy(network), 3)
    yield "bf16 autocast", autocast(plain, inputs)
    cast = networks.best(copy.deepcopy(network).bfloat16(), 3)
    yield "bf16 weights", lambda: cast(half)
    fused = networks.best(torch.fx.experimental.optimization.fuse(copy.deepcopy(network)), 3)
    yield "fp32, fused", lambda: fused(inputs)
    fused_half = networks.best(copy.deepcopy(fused).bfloat16(), 3)
    yield "bf16 weights, fused", lambda: fused_half(half)
    traced = torch.jit.optimize_for_inference(torch.jit.freeze(torch.jit.trace(fused_half, half)))
    yield "bf16 weights, fused, optimize_for_inference", lambda: traced(half)


with torch.inference_mode():
    name, forward, tried = "fp32", lambda: network(clips), {}
    if a.configuration == "best":
        found = [(variant, run) for variant, run in variants() if a.variant in (None, variant)]
        for variant, run in found:
            try:
                tried[variant] = min(seconds_of(run) for _ in range(2))
            except RuntimeError as e:  # Debian's torch can't run every variant on every processor; what failed is in the result
                tried[variant] = str(e).splitlines()[0]
        name = min((v for v in tried if isinstance(tried[v], float)), key=tried.get)
        forward = dict(found)[name]
    begun, taken = time.perf_counter(), 0
    while taken < 2 or time.perf_counter() - begun < 4:
        forward()
        taken += 1
    measured = sorted(seconds_of(forward) for _ in range(a.steps))
print(json.dumps({
    "benchmark": "forward", "variant": name, "model": a.model, "frames": a.frames, "size": a.size, "batch": a.batch, "width": a.width, "threads": torch.get_num_threads(),
    "configuration": f"PyTorch {torch.__version__}, {name}",
    "tried_clips_per_second": {v: round(a.batch / s, 2) if isinstance(s, float) else s for v, s in tried.items()},
    "clips_per_second": round(a.batch / measured[len(measured) // 2], 3),
    "peak_megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
}))
