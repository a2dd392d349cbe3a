"""Makes mc2_18.json ... resnet18_audio.json: what torchvision computes with weights that both sides make by formula.

Run with torch 1.13.1 and torchvision 0.14.1:  python3 make_networks.py
Every tensor comes from a wave in [-1, 1) over its elements i = 0, 1, ... : a 64-bit mix (SplitMix64's) of (k << 40) + i, where k is the
tensor's position in the state dict, so that neither names nor order can be mixed up unnoticed; its upper 24 bits, scaled.
Weights of convolutions and of the linear layer are sqrt(6 / fan-in) * wave, with fan-in = elements per output; normalisations'
weight 1 + 0.2 wave, bias 0.2 wave, running_mean 0.1 wave, running_var 1 + 0.3 wave.
The input is the wave of k = 1000, the loss is sum(logits * cos(0.9 j)) over the logits j.
"""

import json
import math
import os

import numpy as np
import torch
import torchvision
from torchvision.models.video.resnet import BasicBlock, BasicStem, Conv2Plus1D, Conv3DNoTemporal, R2Plus1dStem, VideoResNet

HERE = os.path.dirname(os.path.abspath(__file__))


def wave(k, count):
    with np.errstate(over="ignore"):
        z = (np.uint64(k) << np.uint64(40)) + np.arange(count, dtype=np.uint64)
        z = z * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    return (z >> np.uint64(40)).astype(np.float64) / 2**23 - 1


def fill(model):
    k = 0
    for name, value in model.state_dict().items():
        if name.endswith("num_batches_tracked"):
            continue
        w = wave(k, value.numel())
        if name.endswith("running_var"):
            numbers = 1 + 0.3 * w
        elif name.endswith("running_mean"):
            numbers = 0.1 * w
        elif value.dim() == 1:
            numbers = (1 if name.endswith("weight") else 0) + 0.2 * w
        else:
            numbers = math.sqrt(6 / (value.numel() / value.shape[0])) * w
        value.copy_(torch.from_numpy(numbers.astype(np.float32)).reshape(value.shape))
        k += 1


def signal(shape):
    return torch.from_numpy(wave(1000, int(np.prod(shape))).astype(np.float32)).reshape(shape)


def record(model, shape):
    fill(model)
    model.double()  # the reference is exact; what is compared with it computes in fp32
    x = signal(shape).double()
    model.eval()
    with torch.no_grad():
        evaluation = model(x)
    model.train()
    training = model(x)
    (training * torch.cos(0.9 * torch.arange(training.numel(), dtype=torch.float64)).reshape(training.shape)).sum().backward()
    gradients = {}
    for name, parameter in model.named_parameters():
        g = parameter.grad.flatten()
        at = sorted({0, g.numel() // 3, g.numel() // 2, g.numel() - 1})
        gradients[name] = {"norm": g.norm().item(), "at": at, "values": [g[i].item() for i in at]}
    buffers = {n: b.norm().item() for n, b in model.named_buffers() if not n.endswith("num_batches_tracked")}
    return {
        "shape": list(shape),
        "state": {n: list(v.shape) for n, v in model.state_dict().items()},
        "evaluation": evaluation.flatten().tolist(),
        "training": training.flatten().tolist(),
        "gradients": gradients,
        "buffers_after_training_step": buffers,
    }


def rounded(value):
    if isinstance(value, float):
        return float(f"{value:.9g}")
    if isinstance(value, dict):
        return {k: rounded(v) for k, v in value.items()}
    if isinstance(value, list):
        return [rounded(v) for v in value]
    return value


def write(name, value):
    with open(os.path.join(HERE, name), "w") as f:
        json.dump(rounded(value), f, separators=(",", ":"))
        f.write("\n")


class OwnMiddle(Conv2Plus1D):
    """A factored convolution that counts its middle channels itself: XDC's released network (arXiv 1911.12667)."""

    def __init__(self, in_planes, out_planes, midplanes, stride=1, padding=1):
        super().__init__(in_planes, out_planes, in_planes * out_planes * 27 // (in_planes * 9 + 3 * out_planes), stride, padding)


def released_xdc(classes):
    model = VideoResNet(BasicBlock, [OwnMiddle] * 4, [2, 2, 2, 2], R2Plus1dStem, num_classes=classes)
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm3d):
            module.eps = 1e-3
    return model


def main():
    torch.set_num_threads(1)
    classes = 11
    mc2 = VideoResNet(BasicBlock, [Conv3DNoTemporal] * 4, [2, 2, 2, 2], BasicStem, num_classes=classes)
    networks = {"mc2_18": mc2}
    for name in ("mc3_18", "r3d_18", "r2plus1d_18"):
        networks[name] = getattr(torchvision.models.video, name)(weights=None, num_classes=classes)
    networks["r2plus1d_18_xdc"] = released_xdc(classes)
    for name, model in networks.items():
        write(f"{name}.json", record(model, (2, 3, 4, 32, 32)))

    resnet = torchvision.models.resnet18(weights=None, num_classes=classes)
    resnet.conv1 = torch.nn.Conv2d(1, 64, 7, 2, 3, bias=False)
    resnet.fc = torch.nn.Identity()
    write("resnet18_audio.json", record(resnet, (3, 1, 100, 40)))


if __name__ == "__main__":
    main()
