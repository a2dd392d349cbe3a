"""Makes checkpoints/*: small checkpoints as PyTorch writes them, in both formats, and what it computes with them.

Run with torch 1.13.1, torchvision 0.14.1 and NumPy:  python3 make_checkpoints.py
network.*.pth hold conv1 and conv2 of mc3_18 with 8 channels and every value that make_networks.py's formula gives, the older one as a
training saves it: nested, with DataParallel's prefix and an optimiser. everything.*.pth hold what else a checkpoint may hold.
"""

import collections
import json
import os

import numpy as np
import torch
from torchvision.models.video.resnet import BasicBlock, Conv3DSimple

from make_networks import fill, rounded, signal

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "checkpoints")


class Network(torch.nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.stem = torch.nn.Sequential(
            torch.nn.Conv3d(3, channels, (3, 7, 7), (1, 2, 2), (1, 3, 3), bias=False), torch.nn.BatchNorm3d(channels), torch.nn.ReLU()
        )
        self.layer1 = torch.nn.Sequential(*[BasicBlock(channels, channels, Conv3DSimple) for _ in range(2)])

    def forward(self, x):
        return self.layer1(self.stem(x))


def save(name, value):
    for kind, new in (("zip", True), ("legacy", False)):
        torch.save(value[kind] if isinstance(value, dict) and set(value) == {"zip", "legacy"} else value,
                   os.path.join(HERE, f"{name}.{kind}.pth"), _use_new_zipfile_serialization=new)


def main():
    torch.set_num_threads(1)
    os.makedirs(HERE, exist_ok=True)
    network = Network(8)
    with torch.no_grad():
        fill(network)
    network.eval()
    state = network.state_dict()
    optimiser = torch.optim.SGD(network.parameters(), 0.1, momentum=0.9)
    nested = {
        "epoch": 3,
        "arch": "mc3_18",
        "best": np.float64(71.5),
        "state_dict": collections.OrderedDict([("module." + k, v) for k, v in state.items()] + [("module.fc.weight", torch.zeros(5, 8)), ("module.fc.bias", torch.zeros(5))]),
        "optimizer": optimiser.state_dict(),
    }
    save("network", {"zip": state, "legacy": nested})
    with torch.no_grad():
        output = network(signal((2, 3, 4, 16, 16)))

    base = torch.arange(24, dtype=torch.float32)
    everything = {
        "types": {
            str(t).split(".")[1]: torch.tensor([0, 1, 3, 0], dtype=t)
            for t in (torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8, torch.bool)
        },
        "transposed": base.reshape(4, 6).t(),
        "shared": base[6:18].reshape(3, 4)[:, 1:3],
        "scalar": torch.tensor(2.5),
        "empty": torch.zeros(0, 4),
        "parameter": torch.nn.Parameter(torch.ones(2)),
        "list": [torch.full((1,), 7.0), (1, 2), None, True, 1.5, "text", 2**80, b"raw"],
        "set": {1},
        "size": torch.Size([1, 2]),
        "device": torch.device("cpu"),
        "type": torch.float16,
        "numpy": np.float32(1.25),
        "default": collections.defaultdict(list, {"a": [1]}),
        5: 6,
    }
    save("everything", everything)
    tensors = {}

    def walk(value, name):
        if isinstance(value, torch.Tensor):
            tensors[name] = {"shape": list(value.shape), "values": value.detach().double().flatten().tolist()}
        elif isinstance(value, dict):
            for k, v in value.items():
                walk(v, f"{name}.{k}".lstrip("."))
        elif isinstance(value, (list, tuple)):
            for i, v in enumerate(value):
                walk(v, f"{name}.{i}")

    walk(everything, "")
    with open(os.path.join(HERE, "expected.json"), "w") as f:
        json.dump(rounded({"shape": list(output.shape), "output": output.flatten().tolist(), "everything": tensors}), f, separators=(",", ":"))
        f.write("\n")


if __name__ == "__main__":
    main()
