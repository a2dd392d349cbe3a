"""The networks that the PyTorch peers train: torchvision's for video, at any width, and Duet's two for sound."""
import functools

import torch
from torch import nn
import torchvision
from torchvision.models.video import resnet


def channels(count, width):
    """A stage's channels at a width, rounded as Duet rounds them."""
    return count if width == 1 else max(8, 8 * round(count * width / 8))


class Narrow2Plus1D(resnet.Conv2Plus1D):
    """torchvision's (2+1)D convolution, the planes between rounded to multiples of 8."""

    def __init__(self, in_planes, out_planes, midplanes, stride=1, padding=1):
        super().__init__(in_planes, out_planes, max(8, 8 * round(midplanes / 8)), stride, padding)


class NarrowVideoResNet(resnet.VideoResNet):
    """torchvision's video network, its channels multiplied."""

    def __init__(self, builders, factored, width, classes):
        nn.Module.__init__(self)
        planes = [channels(c, width) for c in (64, 64, 128, 256, 512)]
        self.inplanes = planes[0]
        kernel = functools.partial(nn.Conv3d, bias=False)
        if factored:
            middle = channels(45, width)
            self.stem = nn.Sequential(
                kernel(3, middle, (1, 7, 7), (1, 2, 2), (0, 3, 3)), nn.BatchNorm3d(middle), nn.ReLU(inplace=True),
                kernel(middle, planes[0], (3, 1, 1), 1, (1, 0, 0)), nn.BatchNorm3d(planes[0]), nn.ReLU(inplace=True))
        else:
            self.stem = nn.Sequential(kernel(3, planes[0], (3, 7, 7), (1, 2, 2), (1, 3, 3)), nn.BatchNorm3d(planes[0]), nn.ReLU(inplace=True))
        for i, builder in enumerate(builders):
            setattr(self, f"layer{i + 1}", self._make_layer(resnet.BasicBlock, builder, planes[i + 1], 2, stride=1 if i == 0 else 2))
        self.avgpool = nn.AdaptiveAvgPool3d(1)
        self.fc = nn.Linear(planes[-1], classes)


def video(name, width=1.0, classes=400):
    """torchvision's network of that name; below or above width 1 the same with other channels."""
    if width == 1:
        return getattr(torchvision.models.video, name)(weights=None, num_classes=classes)
    full, flat = resnet.Conv3DSimple, resnet.Conv3DNoTemporal
    builders, factored = {
        "mc3_18": ([full, flat, flat, flat], False),
        "r3d_18": ([full] * 4, False),
        "r2plus1d_18": ([Narrow2Plus1D] * 4, True),
    }[name]
    return NarrowVideoResNet(builders, factored, width, classes)


class VggM(nn.Sequential):
    """AVTS's audio network: five 3x3 convolutions, three of them followed by a max-pool."""

    def __init__(self):
        layers, before = [], 1
        for planes, pool in ((64, True), (192, True), (384, False), (256, False), (256, True)):
            layers += [nn.Conv2d(before, planes, 3, padding=1, bias=False), nn.BatchNorm2d(planes), nn.ReLU(inplace=True)]
            layers += [nn.MaxPool2d(3, 2, 1)] if pool else []
            before = planes
        super().__init__(*layers)


def audio_resnet():
    """torchvision's ResNet-18 for pictures of one channel, up to its last map."""
    network = torchvision.models.resnet18(weights=None)
    network.conv1 = nn.Conv2d(1, 64, 7, 2, 3, bias=False)
    return nn.Sequential(*list(network.children())[:-2])


def last_map(network):
    """A video network up to its last map."""
    return nn.Sequential(network.stem, network.layer1, network.layer2, network.layer3, network.layer4)


class Head(nn.Module):
    """AVTS's fc6 and fc7 with weights shared over time bins, batch-normalised; the embedding's length is a half."""

    def __init__(self, planes, bins, hidden, embedding):
        super().__init__()
        self.bins = bins
        self.layers = nn.Sequential(nn.Linear(planes, hidden), nn.BatchNorm1d(hidden), nn.ReLU(inplace=True), nn.Linear(hidden, embedding), nn.BatchNorm1d(embedding))

    def forward(self, features):
        over_time = features.float().flatten(3).mean(3) if features.dim() == 5 else features.float().mean(3)
        bins = nn.functional.adaptive_avg_pool1d(over_time, self.bins).transpose(1, 2)
        embedded = self.layers(bins.flatten(0, 1)).reshape(len(features), -1)
        return 0.5 * nn.functional.normalize(embedded)


def best(network, dimensions):
    """A network in the memory format that oneDNN computes in."""
    return network.to(memory_format=torch.channels_last_3d if dimensions == 3 else torch.channels_last)
