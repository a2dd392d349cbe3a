#!/bin/sh
# Plain ffmpeg doing an ingest's conversions: the ingest benchmark's peer.
#   bench/peers/ffmpeg_ingest.sh LIST OUT JOBS      LIST: a file with a path per line
# Each file once: frames at 25 fps with a short side of 128 as JPEG, sound as mono PCM at 16 kHz.
set -eu
list=$1 out=$2 jobs=$3
mkdir -p "$out"
xargs -a "$list" -d '\n' -P "$jobs" -I{} sh -c '
    name=$(basename "$1")
    ffmpeg -nostdin -v error -y -threads 1 -i "file:$1" \
        -map 0:v:0 -vf "fps=25,scale=w=if(gt(iw\,ih)\,-2\,128):h=if(gt(iw\,ih)\,128\,-2)" -pix_fmt yuvj420p -q:v 3 -f mjpeg "$2/$name.mjpg" \
        -map 0:a:0 -ac 1 -ar 16000 -c:a pcm_s16le -f wav "$2/$name.wav" || true' sh {} "$out"
