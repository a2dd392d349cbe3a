# What ./duet and ./test share: finding the SDK, getting ffmpeg, building once. Sourced by bash under 'set -euo pipefail', with $here set
# to the repository's root. Everything that is printed goes to standard error.
# shellcheck shell=bash

# The user's PATH may hold next to nothing; the tools used here are found all the same, and the program gets the user's own.
duet_path=$PATH
PATH=$PATH:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin
duet_output=bin/Release/net10.0/linux-x64
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1

duet_say() { printf '%s\n' "$*" >&2; }

duet_die() {
  duet_say "error: $*"
  exit 1
}

[ "$(uname -sm)" = 'Linux x86_64' ] || duet_die "this is $(uname -sm); Duet runs where its libtorch does: on Linux x86_64."

# Finds dotnet, also where its installer script puts it, and an SDK of version 10 beside it.
duet_need_dotnet() {
  if ! command -v dotnet >/dev/null && [ -x "${DOTNET_ROOT:-${HOME-}/.dotnet}/dotnet" ]; then
    export DOTNET_ROOT=${DOTNET_ROOT:-${HOME-}/.dotnet}
    PATH=$DOTNET_ROOT:$PATH
    duet_path=$DOTNET_ROOT:$duet_path
  fi
  duet_dotnet=$(command -v dotnet || true)
  if [ -n "$duet_dotnet" ]; then
    # Looking takes 2 ms where asking takes 70; but dotnet may be a wrapper with its SDKs elsewhere, and then it is asked.
    duet_sdks=$(cd -- "$(dirname -- "$(readlink -f -- "$duet_dotnet")")/sdk" 2>/dev/null && printf '%s ' 10.*/)
    case $duet_sdks in
      '' | '10.*/ ') duet_sdks=$("$duet_dotnet" --list-sdks 2>/dev/null | grep '^10\.' || true) ;;
    esac
    [ -z "$duet_sdks" ] || return 0
  fi
  duet_say "error: Duet needs the .NET 10 SDK, and this machine has none. To get it, type one of"
  duet_say "  sudo apt-get update && sudo apt-get install -y dotnet-sdk-10.0                # Ubuntu"
  duet_say "  curl -sSL https://dot.net/v1/dotnet-install.sh | bash -s -- --channel 10.0    # any Linux: into ~/.dotnet"
  exit 1
}

# Installs ffmpeg where apt may be used without a password, else says what to type. Never fails: the verb that needs it says so.
duet_offer_ffmpeg() {
  if command -v ffmpeg >/dev/null && command -v ffprobe >/dev/null; then
    return 0
  fi
  local as='' log
  if command -v apt-get >/dev/null; then
    if [ "$(id -u)" -eq 0 ]; then
      as=env
    elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
      as=sudo
    fi
  fi
  if [ -n "$as" ]; then
    duet_say "Installing ffmpeg with apt: once, about a minute ..."
    log=$(mktemp)
    if { $as apt-get update -q && $as env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends ffmpeg; } >"$log" 2>&1 </dev/null; then
      rm -f -- "$log"
      return 0
    fi
    tail -n 5 -- "$log" >&2
    rm -f -- "$log"
    duet_say "apt could not install it."
  fi
  duet_say "ffmpeg is missing. To get it, type:  sudo apt-get update && sudo apt-get install -y ffmpeg"
}

# duet_build NAME PROJECT PROGRAM: builds PROJECT in Release, unless PROGRAM is there and nothing that it is made from has changed since.
duet_build() {
  local name=$1 project=$2 program=$3 state=$here/.build
  local stamp=$state/$name.stamp log=$state/$name.log now
  now=$(duet_sources "$name")
  if [ -e "$program" ] && [ -e "$stamp" ] && [ "$(<"$stamp")" = "$now" ]; then
    return 0
  fi
  if ! mkdir -p -- "$state" 2>/dev/null || [ ! -w "$state" ]; then
    duet_die "the build goes into $here, which can't be written; copy the folder to a place that can."
  fi
  (
    # Several first calls at once: one builds, the others wait for it and then find everything built.
    if ! flock -n 9; then
      duet_say "Another call is building Duet: waiting for it ..."
      flock 9
    fi
    if [ -e "$program" ] && [ -e "$stamp" ] && [ "$(<"$stamp")" = "$now" ]; then
      exit 0
    fi
    if [ -e "$program" ]; then
      duet_say "Building what changed ..."
    else
      duet_say "Building Duet: once, a minute or two (and the first time about 150 MB of packages to download) ..."
    fi
    rm -f -- "$stamp"
    # No build servers that outlive the build: they would hold the lock, and memory.
    if ! (cd -- "$here" && "$duet_dotnet" build "$project" -c Release -v q -nologo --disable-build-servers) >"$log" 2>&1 </dev/null 9>&-; then
      # One line per error, without the project's path that MSBuild repeats behind each.
      { grep -E '(error|warning) [A-Z]+[0-9]+:' -- "$log" || tail -n 20 -- "$log"; } | sed 's/ \[[^]]*\]$//' | sort -u | head -n 20 >&2
      duet_die "the build failed; all that it said is in $log"
    fi
    # What was there before the build: an edit made meanwhile is built next time.
    printf '%s\n' "$now" >"$stamp.new"
    mv -f -- "$stamp.new" "$stamp"
  ) 9>"$state/lock"
}

# A fingerprint of all that a build is made from: names, sizes and times of the sources, and the SDKs. bin and obj are the build's own.
duet_sources() {
  local sources=(src recipes build Directory.Build.props Directory.Packages.props global.json .editorconfig)
  if [ "$1" != cli ]; then
    sources+=(tests bench Duet.slnx)
  fi
  { cd -- "$here" && find "${sources[@]}" \( -name bin -o -name obj \) -prune -o -type f -printf '%p %s %T@\n' | sort; printf '%s\n' "$duet_sdks" "${TorchBackend-}"; } | cksum
}
