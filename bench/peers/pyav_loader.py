#!/usr/bin/python3
"""Random training windows read from the original files by PyAV: the loader benchmark's peer.

Each clip: open the file, seek to the key frame before the window, decode forward, take the frames nearest to a constant
25 fps, rescale each to the training size; with sound, decode that stretch and resample it to mono 16 kHz.
Files and windows are drawn at random; a file that holds no such window is left out before the clock starts.

    /usr/bin/python3 bench/peers/pyav_loader.py FOLDER --frames 8 --clips 200
"""
import argparse
import json
import pathlib
import random
import time

import av

av.logging.set_level(av.logging.PANIC)
VIDEO = {".mp4", ".mov", ".mkv", ".webm", ".avi", ".mpg"}


def read_frames_of(container, start, frames, fps):
    """The decoded frames nearest to a constant rate."""
    stream = container.streams.video[0]
    stream.thread_count = 1  # per core
    origin = stream.start_time or 0
    container.seek(origin + int(start / stream.time_base), stream=stream, backward=True)
    wanted = [start + i / fps for i in range(frames)]
    picked, previous = [], None
    for frame in container.decode(stream):
        if frame.pts is None:
            continue
        moment = float((frame.pts - origin) * stream.time_base)
        while len(picked) < frames and moment >= wanted[len(picked)]:
            nearer = previous if previous and wanted[len(picked)] - previous[0] < moment - wanted[len(picked)] else (moment, frame)
            picked.append(nearer[1])
        if len(picked) == frames:
            break
        previous = (moment, frame)
    if len(picked) < frames and previous and len(picked) >= frames - 1:
        picked += [previous[1]] * (frames - len(picked))  # the last frame is shown until the end
    return picked


def read_frames(container, start, frames, fps, size):
    """The centre square of each picture at the training size, as RGB."""
    arrays = []
    for frame in read_frames_of(container, start, frames, fps):
        short = min(frame.width, frame.height)
        w, h = round(frame.width * size / short), round(frame.height * size / short)
        rgb = frame.reformat(width=w, height=h, format="rgb24").to_ndarray()
        arrays.append(rgb[(h - size) // 2:(h - size) // 2 + size, (w - size) // 2:(w - size) // 2 + size])
    return arrays


def read_sound(container, start, seconds, rate):
    """A stretch of sound as mono 16-bit samples, in pieces."""
    stream = container.streams.audio[0]
    origin = stream.start_time or 0
    container.seek(origin + int(start / stream.time_base), stream=stream, backward=True)
    resampler = av.AudioResampler(format="s16", layout="mono", rate=rate)
    pieces, samples = [], 0
    for frame in container.decode(stream):
        if frame.pts is None or float((frame.pts - origin) * stream.time_base) + frame.samples / frame.sample_rate < start:
            continue
        frame.pts = None
        for out in resampler.resample(frame):
            pieces.append(out.to_ndarray()[0])
            samples += pieces[-1].shape[-1]
        if samples >= seconds * rate:
            break
    return pieces


def clip(path, start, args):
    with av.open(str(path)) as container:
        frames = read_frames(container, start, args.frames, args.fps, args.size)
        if not args.no_audio:
            read_sound(container, start, args.frames / args.fps, 16000)
    return len(frames) == args.frames


def usable(folder, args):
    found = []
    folder = pathlib.Path(folder)
    paths = folder.read_text().splitlines() if folder.suffix == ".txt" else [p for p in folder.rglob("*") if p.suffix.lower() in VIDEO]
    for path in sorted(paths):
        try:
            with av.open(str(path)) as c:
                if not c.streams.video or not c.streams.audio:
                    continue
                length = (c.duration or 0) / av.time_base
            room = length - args.frames / args.fps - 0.2
            if room > 0 and clip(path, room / 2, args) and clip(path, 0, args):
                found.append((path, room))
        except (av.AVError, ValueError, IndexError):
            continue
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", help="a folder of videos, or a .txt file with a path per line")
    parser.add_argument("--frames", type=int, default=8)
    parser.add_argument("--fps", type=float, default=25)
    parser.add_argument("--size", type=int, default=112)
    parser.add_argument("--clips", type=int, default=200)
    parser.add_argument("--no-audio", action="store_true")
    args = parser.parse_args()
    files = usable(args.folder, args)
    draw = random.Random(0)
    plan = [(path, draw.uniform(0, room)) for path, room in (files[i % len(files)] for i in range(args.clips))]
    draw.shuffle(plan)
    failures = 0
    wall, cpu = time.perf_counter(), time.process_time()
    for path, start in plan:
        failures += not clip(path, start, args)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(json.dumps({
        "benchmark": "pyav_loader", "frames": args.frames, "size": args.size, "videos": len(files), "sound": not args.no_audio,
        "clips": args.clips, "failures": failures, "clips_per_second": round(args.clips / wall, 1), "clips_per_cpu_second": round(args.clips / cpu, 1),
        "pyav": av.__version__}))


if __name__ == "__main__":
    main()
