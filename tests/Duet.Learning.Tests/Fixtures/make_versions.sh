#!/bin/bash
# Writes one store, one AVTS run and one XDC run, each with a checkpoint in its middle and encoders, as the present build
# writes them: versions/NAME. Call it once when a format gets a new version, and keep the older folders.
#   tests/Duet.Learning.Tests/Fixtures/make_versions.sh NAME [DUET...]     DUET: the command; ./duet by default
# Needs ffmpeg and python3. The videos' and the store's folder become /archive, so that the files name no machine's folders.
set -euo pipefail

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
name=$1
shift
duet=("${@:-$here/../../../duet}")
to=$here/versions/$name
[ ! -e "$to" ] || { echo "$to is there already; a version's files are made once" >&2; exit 2; }
work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT
mkdir -- "$work/archive"
for i in 1 2 3 4 5 6; do
  ffmpeg -v error -f lavfi -i "testsrc2=s=32x32:r=5:d=1.2" -f lavfi -i "sine=f=$((200 * i)):d=1.2:r=8000" -vf "rotate=$i" \
    -c:v libx264 -crf 35 -c:a aac -b:a 16k "$work/archive/$i.mp4"
done
"${duet[@]}" ingest "$work/archive" --store "$work/store" --fps 5 --short-side 16 --sample-rate 8000 --jpeg-quality 31

common='
clip: { frames: 4, frame_rate: 5, size: 16, audio_seconds: 0.32 }
spectrogram: { mel_bins: 16, sample_rate: 8000 }
video: { name: mc3_18, width: 0.0625, stages: 1 }'
training='epoch_size: 4, batch: 2, threads: 1, workers: 1, log_every: 1, validation_clips: 2, statistics_clips: 2, checkpoint_every: 1, keep_checkpoints: 9, precision: fp32, device: cpu'
printf 'name: avts_kept\nmethod: avts%s
audio: { name: vgg_m, width: 0.0625, stages: 1 }
head: { time_bins: 2, hidden: 8, embedding: 4 }
avts: { curriculum: [ { epochs: 2, easy: 1 } ] }
training: { %s }\n' "$common" "$training" >"$work/avts.yaml"
printf 'name: xdc_kept\nmethod: xdc%s
audio: { name: resnet18_audio, width: 0.0625, stages: 1 }
clustering: { k: 2, iterations: 2, epochs_per_iteration: 1, clips_per_video: 1, calibration_clips: 2 }
training: { %s }\n' "$common" "$training" >"$work/xdc.yaml"

mkdir -p -- "$to"
for method in avts xdc; do
  "${duet[@]}" pretrain "$work/$method.yaml" --store "$work/store" --run "$work/$method"
  rm -f -- "$work/$method"/checkpoints/step-0000000{1,3,4}.* "$work/$method/run.lock"
  rm -rf -- "$work/$method/tensorboard"
  sed -i "s#$work#/archive#" "$work/$method/store.json"
  mv -- "$work/$method" "$to/$method"
done
python3 - "$work" <<'PYTHON'
import sqlite3
import sys

with sqlite3.connect(f"{sys.argv[1]}/store/catalog.db") as catalog:
    catalog.execute("PRAGMA journal_mode = DELETE")
    catalog.execute("UPDATE sources SET source = replace(source, ?, '')", (sys.argv[1],))
    catalog.commit()
    catalog.execute("VACUUM")
PYTHON
rm -f -- "$work/store"/ingest.*
rmdir -- "$work/store/spool" 2>/dev/null || true
mv -- "$work/store" "$to/store"
du -sb -- "$to"/*
