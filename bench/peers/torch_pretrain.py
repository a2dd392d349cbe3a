#!/usr/bin/python3
"""AVTS's and XDC's training steps in plain PyTorch, from the original files: the pretrain benchmark's peer.

    /usr/bin/python3 bench/peers/torch_pretrain.py --list FILES.txt --method avts --threads 2

As a user of PyTorch would write it: a DataLoader whose worker processes (one per core) open each video with PyAV, seek, decode the window, rescale and crop it,
decode and resample the sound and make a log-mel spectrogram with torchaudio; torchvision's networks in bf16 autocast; SGD.
avts: MC3-18 and VGG-M, heads, the contrastive loss. The sound out of sync is another clip's of the same batch, so nothing more need be decoded for it.
xdc: R(2+1)D-18 and ResNet-18, each with a classifier; the labels are random, as the clustering is not what is measured.
"""
import argparse
import json
import random
import resource
import time

import av
import numpy
import torch
import torchaudio
from torch import nn

import networks
from pyav_loader import read_frames_of, read_sound

RATE = 16000
MEAN, STD = torch.tensor([0.43216, 0.394666, 0.37645]), torch.tensor([0.22803, 0.22145, 0.216989])

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--list", required=True, help="a file with a video's path per line")
parser.add_argument("--method", choices=["avts", "xdc"], default="avts")
parser.add_argument("--frames", type=int, default=8)
parser.add_argument("--fps", type=float, default=25, help="frames per second of a clip")
parser.add_argument("--size", type=int, default=112)
parser.add_argument("--audio-seconds", type=float, default=1)
parser.add_argument("--hop-ms", type=int, default=10)
parser.add_argument("--scales", type=float, nargs="+", default=[1, 0.875, 0.75, 0.66])
parser.add_argument("--k", type=int, default=8)
parser.add_argument("--batch", type=int, default=8)
parser.add_argument("--steps", type=int, default=5, help="measured steps")
parser.add_argument("--warming", type=int, default=2, help="steps before them")
parser.add_argument("--variant", choices=["channels_last_3d", "contiguous"], default="channels_last_3d", help="the video network's memory format")
parser.add_argument("--threads", type=int, required=True)
parser.add_argument("--workers", type=int, help="worker processes; as many as threads where it is not said")
a = parser.parse_args()
workers = a.threads if a.workers is None else a.workers


class Clips(torch.utils.data.Dataset):
    """Random windows of the files, each with its sound's spectrogram."""

    def __init__(self, files, count):
        self.files, self.count = files, count
        self.mel = torchaudio.transforms.MelSpectrogram(RATE, n_fft=512, win_length=400, hop_length=a.hop_ms * RATE // 1000, n_mels=40, center=False)

    def __len__(self):
        return self.count

    def __getitem__(self, index):
        draw = random.Random(index)
        while True:  # some files can't be read from some places: another window, as loaders of this kind do
            try:
                frames, pieces = self.window(draw)
                break
            except av.error.FFmpegError:
                continue
        # As many spectrogram frames as hops: mirrored so far that the first window is centred in the first hop.
        hop, length = a.hop_ms * RATE // 1000, round(a.audio_seconds * RATE)
        sound = torch.zeros(length)
        samples = torch.from_numpy(numpy.concatenate(pieces)[:length]) / 32768
        sound[:len(samples)] = samples  # silence where the sound ends before the picture
        before = (400 - hop) // 2 + 56
        after = (length // hop - 1) * hop + 512 - before - length
        wave = nn.functional.pad(sound[None, None], (before, after), mode="reflect")[0]
        return frames, self.mel(wave).clamp_(min=1e-6).log_().transpose(1, 2)

    def window(self, draw):
        path, seconds = self.files[draw.randrange(len(self.files))]
        start = draw.uniform(0, seconds - max(a.frames / a.fps, a.audio_seconds) - 0.2)
        with av.open(path) as container:
            return self.pixels(read_frames_of(container, start, a.frames, a.fps), draw), read_sound(container, start, a.audio_seconds, RATE)

    @staticmethod
    def pixels(frames, draw):
        """A random square of a random scale, rescaled once, mirrored half of the time; as bytes, which are cheaper to hand over."""
        scale, x, y, mirrored = draw.choice(a.scales), draw.random(), draw.random(), draw.random() < 0.5
        short = min(frames[0].width, frames[0].height)
        w, h = (round(side * a.size / (short * scale)) for side in (frames[0].width, frames[0].height))
        left, top = int(x * (w - a.size)), int(y * (h - a.size))
        clip = torch.stack([torch.from_numpy(f.reformat(width=w, height=h, format="rgb24").to_ndarray())[top:top + a.size, left:left + a.size] for f in frames])
        return clip.flip(2) if mirrored else clip


def video_network(name):
    network = networks.last_map(networks.video(name))
    return networks.best(network, 3) if a.variant == "channels_last_3d" else network


class Avts(nn.Module):
    def __init__(self):
        super().__init__()
        self.video, self.audio = video_network("mc3_18"), networks.best(networks.VggM(), 2)
        self.video_head, self.audio_head = networks.Head(512, 4, 256, 64), networks.Head(256, 4, 256, 64)

    def loss(self, clips, mels, labels):
        with torch.autocast("cpu", torch.bfloat16):
            seen, heard = self.video(clips), self.audio(torch.cat([mels, mels.roll(1, 0)]))
        seen, heard = self.video_head(seen), self.audio_head(heard)
        distance = (torch.cat([seen, seen]) - heard).norm(dim=1)
        near, far = distance.chunk(2)
        return (near.square().sum() + (0.99 - far).clamp(min=0).square().sum()) / len(distance)


class Xdc(nn.Module):
    def __init__(self):
        super().__init__()
        self.video, self.audio = video_network("r2plus1d_18"), networks.best(networks.audio_resnet(), 2)
        self.video_head, self.audio_head = nn.Linear(512, a.k), nn.Linear(512, a.k)

    def loss(self, clips, mels, labels):
        with torch.autocast("cpu", torch.bfloat16):
            seen, heard = self.video(clips), self.audio(mels)
        scores = self.video_head(seen.float().mean((2, 3, 4))), self.audio_head(heard.float().amax((2, 3)))
        return sum(nn.functional.cross_entropy(s, l) for s, l in zip(scores, labels))


def usable(files):
    """Those that hold a window with sound that PyAV can read, with their seconds: looked at before the clock starts, so that no worker meets another."""
    span = max(a.frames / a.fps, a.audio_seconds)
    for path in files:
        try:
            with av.open(path) as container:
                seconds = (container.duration or 0) / av.time_base
                if seconds > span + 0.2 and len(read_frames_of(container, seconds - span - 0.2, a.frames, a.fps)) == a.frames and read_sound(container, 0, a.audio_seconds, RATE):
                    yield path, seconds
        except (av.AVError, ValueError, IndexError):
            continue


def main():
    torch.set_num_threads(a.threads)
    torch.manual_seed(0)
    files = list(usable(open(a.list).read().splitlines()))
    model = (Avts() if a.method == "avts" else Xdc()).train()
    optimiser = torch.optim.SGD(model.parameters(), 0.01, momentum=0.9, nesterov=True, weight_decay=1e-5)
    # More than are trained on: the workers go on while the last measured step does, as they do in a long run.
    clips = Clips(files, a.batch * (a.steps + a.warming + 8))
    loader = iter(torch.utils.data.DataLoader(clips, a.batch, num_workers=workers, worker_init_fn=lambda _: torch.set_num_threads(1)))
    seconds, waiting = [], []
    for _ in range(a.warming + a.steps):
        start = time.perf_counter()
        frames, mels = next(loader)
        waiting.append(time.perf_counter() - start)
        frames = ((frames.float() / 255 - MEAN) / STD).permute(0, 4, 1, 2, 3)  # a view whose strides are channels_last_3d
        frames = frames if a.variant == "channels_last_3d" else frames.contiguous()
        mels = (mels - mels.mean((0, 1, 2))) / mels.std((0, 1, 2)).clamp(min=1e-3)
        optimiser.zero_grad(set_to_none=True)
        loss = model.loss(frames, mels.contiguous(memory_format=torch.channels_last), torch.randint(a.k, (2, a.batch)))
        loss.backward()
        optimiser.step()
        loss = loss.item()
        seconds.append(time.perf_counter() - start)
    spent = sum(seconds[a.warming:])
    print(json.dumps({
        "benchmark": "pretrain", "method": a.method, "frames": a.frames, "size": a.size, "batch": a.batch, "threads": torch.get_num_threads(), "workers": workers, "steps": a.steps,
        "videos": len(files), "configuration": f"PyTorch {torch.__version__}, bf16 autocast, {a.variant}; PyAV {av.__version__}, torchaudio {torchaudio.__version__}",
        "parameters": sum(p.numel() for p in model.parameters()),
        "clips_per_second": round(a.batch * a.steps / spent, 3), "data_wait_share": round(sum(waiting[a.warming:]) / spent, 4), "loss": round(loss, 4),
        "peak_megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }))


if __name__ == "__main__":
    main()
