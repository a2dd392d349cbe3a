#!/usr/bin/python3
"""torchaudio's MelSpectrogram and a logarithm: the logmel benchmark's peer.

    /usr/bin/python3 bench/peers/torchaudio_logmel.py --file SOUND.f32 --batch 32 --hop-ms 20 --threads 2

Duet's frames stand at (t + 1/2) hops, with the ends mirrored, so the sound is padded so far before the transform; nothing else differs.
"""
import argparse
import json
import resource
import time

import numpy
import torch
import torchaudio

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--file", required=True, help="32-bit floats, --batch stretches of sound one after the other")
parser.add_argument("--batch", type=int, default=32)
parser.add_argument("--hop-ms", type=int, default=20)
parser.add_argument("--repeats", type=int, default=50, help="measured batches, after five for warming up")
parser.add_argument("--threads", type=int, required=True)
parser.add_argument("--out", help="where to leave the spectrograms, as 32-bit floats")
a = parser.parse_args()

RATE, WINDOW, FFT = 16000, 400, 512
torch.set_num_threads(a.threads)
hop = a.hop_ms * RATE // 1000
sound = torch.from_numpy(numpy.fromfile(a.file, dtype=numpy.float32).reshape(a.batch, -1))
frames = sound.shape[1] // hop
# The first window begins half of (window - hop) before the sound; torch.stft puts the window into the middle of its transform.
before = max(0, (WINDOW - hop) // 2) + (FFT - WINDOW) // 2
after = max(0, (frames - 1) * hop + FFT - before - sound.shape[1])
mel = torchaudio.transforms.MelSpectrogram(RATE, n_fft=FFT, win_length=WINDOW, hop_length=hop, n_mels=40, power=2, center=False)
seconds = []
with torch.inference_mode():
    for i in range(a.repeats + 5):
        start = time.perf_counter()
        mels = mel(torch.nn.functional.pad(sound, (before, after), mode="reflect")).clamp_(min=1e-6).log_()
        seconds.append(time.perf_counter() - start)
        if i == 0 and a.out:
            mels[:, :, :frames].transpose(1, 2).contiguous().numpy().tofile(a.out)
measured = sorted(seconds[5:])
print(json.dumps({
    "benchmark": "logmel", "batch": a.batch, "samples": sound.shape[1], "hop_ms": a.hop_ms, "frames": frames, "threads": torch.get_num_threads(),
    "configuration": f"torchaudio {torchaudio.__version__}",
    "milliseconds": round(1e3 * measured[len(measured) // 2], 4),
    "peak_megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
}))
