"""Writes logmel.json: log-mel spectrograms by torchaudio, of signals that a formula gives.

Run with torchaudio 0.13.1: python3 make_logmel.py > logmel.json
"""
import json
import math

import torch
import torchaudio
from torchaudio.compliance import kaldi


def signal(samples, rate, clip):
    """A rising tone, a steady one, and noise from a linear congruential generator: energy in every bin."""
    state = 12345 + clip
    out = []
    for i in range(samples):
        t = i / rate
        state = (state * 1103515245 + 12345) & 0x7FFFFFFF
        noise = state / 0x7FFFFFFF - 0.5
        tone = math.sin(2 * math.pi * (200 + 60 * clip) * t) + math.sin(2 * math.pi * (500 + 4000 * t) * t)
        out.append(0.25 * tone + 0.1 * noise)
    return out


def compress(mel, o):
    log, floor = o.get("log", "natural"), o.get("floor", 1e-6)
    if log == "natural":
        return mel.clamp(min=floor).log()
    if log == "log10":
        return mel.clamp(min=floor).log10()
    if log == "db":
        multiplier = 10.0 if o.get("power", 2) == 2 else 20.0
        return torchaudio.functional.amplitude_to_DB(mel, multiplier, floor, 0.0)
    if log == "natural_above_e":
        return torch.where(mel > math.e, mel.clamp(min=math.e).log(), mel / math.e)
    return mel


def spectrogram(pcm, o):
    rate, n_fft, mels = o["sample_rate"], o["fft_size"], o["mel_bins"]
    win, hop = round(o["window_ms"] * rate / 1000), round(o["hop_ms"] * rate / 1000)
    periodic = o.get("window", "hann_periodic") == "hann_periodic"
    padding = o.get("padding", "same")
    f_min, f_max = float(o.get("f_min", 0)), float(o.get("f_max", 0)) or rate / 2
    center = padding == "reflect"
    if padding == "same":
        frames = max(1, pcm.shape[1] // hop)
        left = (win - hop) // 2
        right = (frames - 1) * hop + win - left - pcm.shape[1]
        pcm = torch.nn.functional.pad(pcm[:, None], (left, max(right, 0)), mode="reflect")[:, 0]
    if not center and n_fft > win:  # torch.stft centres the window in the transform: keep frame t's window at t * hop
        side = (n_fft - win) // 2
        pcm = torch.nn.functional.pad(pcm, (side, n_fft - win - side))
    if o.get("mel_triangle", "hertz") == "hertz" and o.get("mel_norm", "none") != "unit_sum":
        mel = torchaudio.transforms.MelSpectrogram(
            sample_rate=rate, n_fft=n_fft, win_length=win, hop_length=hop, f_min=f_min, f_max=f_max, n_mels=mels,
            window_fn=lambda n: torch.hann_window(n, periodic=periodic), power=o.get("power", 2), center=center, pad_mode="reflect",
            norm="slaney" if o.get("mel_norm") == "slaney" else None, mel_scale=o.get("mel_scale", "htk"))(pcm)
    else:
        spec = torchaudio.functional.spectrogram(
            pcm, pad=0, window=torch.hann_window(win, periodic=periodic), n_fft=n_fft, hop_length=hop, win_length=win,
            power=o.get("power", 2), normalized=False, center=center, pad_mode="reflect")
        if o.get("mel_triangle") == "mel":
            banks, _ = kaldi.get_mel_banks(mels, n_fft, float(rate), f_min, f_max, 100.0, -500.0, 1.0)
            banks = torch.nn.functional.pad(banks, (0, 1)).T
        else:
            banks = torchaudio.functional.melscale_fbanks(n_fft // 2 + 1, f_min, f_max, mels, rate, None, o.get("mel_scale", "htk"))
        if o.get("mel_norm") == "unit_sum":
            banks = banks / banks.sum(0, keepdim=True)
        mel = torch.matmul(spec.transpose(1, 2), banks.to(spec.dtype)).transpose(1, 2)
    return compress(mel * o.get("gain", 1.0), o).transpose(1, 2)


SETS = [
    ("avts", dict(sample_rate=16000, window_ms=25, hop_ms=10, fft_size=512, mel_bins=40)),
    ("centred_slaney", dict(sample_rate=16000, window_ms=25, hop_ms=10, fft_size=512, mel_bins=64, mel_scale="slaney", mel_norm="slaney", padding="reflect", f_min=50, f_max=7600)),
    ("whole_windows_db", dict(sample_rate=16000, window_ms=32, hop_ms=16, fft_size=512, mel_bins=40, log="db", floor=1e-10, padding="none")),
    ("magnitude_db", dict(sample_rate=16000, window_ms=20, hop_ms=10, fft_size=1024, mel_bins=80, power=1, log="db", floor=1e-5, padding="reflect", mel_norm="slaney")),
    ("log10_24khz", dict(sample_rate=24000, window_ms=20, hop_ms=12.5, fft_size=1024, mel_bins=40, window="hann_symmetric", log="log10", floor=1e-8, padding="none")),
    ("vmz", dict(sample_rate=16000, window_ms=16, hop_ms=10, fft_size=256, mel_bins=40, window="hann_symmetric", mel_triangle="mel", mel_norm="unit_sum", gain=1080674186.3, log="natural_above_e")),
    ("unit_sum_linear", dict(sample_rate=8000, window_ms=30, hop_ms=15, fft_size=256, mel_bins=20, mel_norm="unit_sum", log="none")),
]

result = []
for name, o in SETS:
    samples = o["sample_rate"] * 23 // 100 + 37  # not a whole number of hops
    pcm = torch.tensor([signal(samples, o["sample_rate"], c) for c in range(2)], dtype=torch.float32)
    out = spectrogram(pcm, o)
    result.append(dict(name=name, options=o, samples=samples, shape=list(out.shape), values=[float(f"{v:.7g}") for v in out.flatten().tolist()]))
print(json.dumps(dict(made_with=f"torchaudio {torchaudio.__version__}, torch {torch.__version__}", sets=result), separators=(",", ":")))
