#!/usr/bin/python3
"""Losses of a short training of torchvision's network on fixed clips: what bench/loss_curves.py holds Duet's against.

    /usr/bin/python3 bench/peers/torch_curve.py --model mc3_18 --learning-rate 3e-5 --precision bf16 --threads 2

bf16 is autocast. Clips, labels, optimiser and steps are those of `Duet.Bench curve`; first weights are torchvision's, of the seed.
"""
import argparse
import json

import torch

import networks

CLASSES = 4

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--model", default="mc3_18")
parser.add_argument("--width", type=float, default=1)
parser.add_argument("--frames", type=int, default=8)
parser.add_argument("--size", type=int, default=32)
parser.add_argument("--batch", type=int, default=8, help="clips, all of them in every step")
parser.add_argument("--steps", type=int, default=200)
parser.add_argument("--learning-rate", type=float, default=3e-5)
parser.add_argument("--seed", type=int, default=1)
parser.add_argument("--threads", type=int, required=True)
parser.add_argument("--precision", choices=["bf16", "fp32"], required=True)
a = parser.parse_args()

torch.set_num_threads(a.threads)
torch.manual_seed(a.seed)
network = networks.video(a.model, a.width, CLASSES).train()
generator = torch.Generator().manual_seed(a.seed)
labels = torch.arange(a.batch) % CLASSES
clip = 3, a.frames, a.size, a.size
clips = torch.randn(a.batch, *clip, generator=generator).add_(torch.randn(CLASSES, *clip, generator=generator)[labels])
optimiser = torch.optim.SGD(network.parameters(), a.learning_rate, momentum=0.9, weight_decay=1e-4)
losses = []
for _ in range(a.steps):
    optimiser.zero_grad(set_to_none=True)
    with torch.autocast("cpu", torch.bfloat16, enabled=a.precision == "bf16"):
        loss = torch.nn.functional.cross_entropy(network(clips), labels)
    loss.backward()
    optimiser.step()
    losses.append(round(loss.item(), 6))

print(json.dumps({
    "benchmark": "curve", "model": a.model, "width": a.width, "seed": a.seed, "learning_rate": a.learning_rate, "precision": a.precision,
    "configuration": f"PyTorch {torch.__version__}, {'bf16 autocast' if a.precision == 'bf16' else 'fp32'}", "losses": losses,
}))
