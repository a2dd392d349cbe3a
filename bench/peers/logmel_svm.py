#!/usr/bin/python3
"""A humble baseline on ESC-10/ESC-50's layout: statistics of log-mel bands, a linear SVM, folds respected.

  bench/peers/logmel_svm.py esc10

Mean, deviation, maximum and mean absolute difference over time of each of 40 log-mel bands (16 kHz, 25 ms windows every 10 ms), standardised
on the training folds; scikit-learn's LinearSVC with C = 1. Needs ffmpeg, python3-sklearn, python3-numpy.
"""
import csv
import json
import pathlib
import subprocess
import sys

import numpy as np
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

RATE, WINDOW, HOP, FFT, MELS = 16000, 400, 160, 512, 40


def mel_bank():
    to_mel = lambda f: 2595 * np.log10(1 + f / 700)
    edges = 700 * (10 ** (np.linspace(0, to_mel(RATE / 2), MELS + 2) / 2595) - 1)
    bins = np.arange(FFT // 2 + 1) * RATE / FFT
    lower, centre, upper = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    return np.clip(np.minimum((bins - lower) / (centre - lower), (upper - bins) / (upper - centre)), 0, None)


def features(path, bank):
    pcm = subprocess.run(["ffmpeg", "-v", "error", "-i", path, "-ac", "1", "-ar", str(RATE), "-f", "f32le", "-"], check=True, capture_output=True).stdout
    samples = np.frombuffer(pcm, np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(samples, WINDOW)[::HOP] * np.hanning(WINDOW + 1)[:-1]
    mels = np.log(np.maximum(np.abs(np.fft.rfft(frames, FFT)) ** 2 @ bank.T, 1e-6))
    return np.concatenate([mels.mean(0), mels.std(0), mels.max(0), np.abs(np.diff(mels, axis=0)).mean(0)])


def main():
    root = pathlib.Path(sys.argv[1])
    rows = list(csv.DictReader((root / "meta" / "esc50.csv").open()))
    rows = [r for r in rows if (root / "audio" / r["filename"]).exists()]
    bank = mel_bank()
    x = np.stack([features(root / "audio" / r["filename"], bank) for r in rows])
    y = np.array([r["category"] for r in rows])
    fold = np.array([int(r["fold"]) for r in rows])
    folds = {}
    for f in sorted(set(fold)):
        machine = make_pipeline(StandardScaler(), LinearSVC(C=1, max_iter=20000, random_state=0)).fit(x[fold != f], y[fold != f])
        folds[int(f)] = float((machine.predict(x[fold == f]) == y[fold == f]).mean())
    print(json.dumps({"folds": folds, "accuracy": float(np.mean(list(folds.values())))}))


if __name__ == "__main__":
    main()
