#!/usr/bin/python3
"""One supervised training step of torchvision's network: the step benchmark's peer.

    /usr/bin/python3 bench/peers/torch_step.py --model mc3_18 --threads 2 --configuration best

default: fp32, as people write it. best: bf16 autocast, in channels_last_3d or in PyTorch's own order of axes, whichever a try of both finds faster;
--variant takes one of them untried.
Debian's torch takes one thread unless it is told otherwise, so the number has to be said.
"""
import argparse
import json
import resource
import time

import torch

import networks

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--model", default="mc3_18")
parser.add_argument("--frames", type=int, default=8)
parser.add_argument("--size", type=int, default=112)
parser.add_argument("--batch", type=int, default=8)
parser.add_argument("--width", type=float, default=1)
parser.add_argument("--steps", type=int, default=5, help="measured steps, after two and four seconds for warming up")
parser.add_argument("--threads", type=int, required=True)
parser.add_argument("--configuration", choices=["default", "best"], default="best")
parser.add_argument("--variant", choices=["channels_last_3d", "contiguous"], help="the memory format that an earlier call found to be the faster")
a = parser.parse_args()

torch.set_num_threads(a.threads)


def seconds_of(memory_format, steps, warming=4):
    """Of each step, after two and so many seconds for warming up."""
    torch.manual_seed(0)
    network = networks.video(a.model, a.width).train()
    clips = torch.randn(a.batch, 3, a.frames, a.size, a.size)
    if memory_format == "channels_last_3d":
        network = networks.best(network, 3)
        clips = clips.to(memory_format=torch.channels_last_3d)
    labels = torch.arange(a.batch) % 400
    optimiser = torch.optim.SGD(network.parameters(), 0.01, momentum=0.9, weight_decay=1e-4)
    seconds, begun, taken = [], time.perf_counter(), 0
    while len(seconds) < steps:
        start = time.perf_counter()
        warm = taken >= 2 and start - begun > warming
        taken += 1
        optimiser.zero_grad(set_to_none=True)
        with torch.autocast("cpu", torch.bfloat16, enabled=a.configuration == "best"):
            loss = torch.nn.functional.cross_entropy(network(clips), labels)
        loss.backward()
        optimiser.step()
        if warm:
            seconds.append(time.perf_counter() - start)
    return seconds


variant = "contiguous" if a.configuration == "default" else a.variant or min(("channels_last_3d", "contiguous"), key=lambda f: min(seconds_of(f, 1, 0)))
measured = sorted(seconds_of(variant, a.steps))
print(json.dumps({
    "benchmark": "step", "model": a.model, "frames": a.frames, "size": a.size, "batch": a.batch, "width": a.width, "threads": torch.get_num_threads(),
    "configuration": f"PyTorch {torch.__version__}, {f'bf16 autocast, {variant}' if a.configuration == 'best' else 'fp32'}", "variant": variant,
    "clips_per_second": round(a.batch / measured[len(measured) // 2], 3),
    "peak_megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
}))
