# SPDX-License-Identifier: GPL-3.0-or-later
# Sourced by the programs of lab/. Results go to stdout, progress to stderr.
# shellcheck shell=bash
set -euo pipefail

lab=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
cache=${XDG_CACHE_HOME:-$HOME/.cache}/inquest/lab
mkdir -p "$cache"
umask 022
PATH=$PATH:/usr/sbin:/sbin # where Debian keeps half of what lab/ needs

say() { printf 'lab %4ds: %s\n' "$SECONDS" "$*" >&2; }

die() {
  say "$*"
  exit 1
}

# usage NAME: the comment at the top of lab/NAME
usage() {
  sed -n '3,/^$/s/^# \{0,1\}//p' "$lab/$1" >&2
  exit 2
}

# scratch: a folder in $scratch that goes when the program ends. It lies in the
# cache, so that what it holds can be renamed into place.
make_scratch() {
  mkdir -p "$cache/scratch"
  # What a run left that had no time to clean up.
  find "$cache/scratch" -mindepth 1 -maxdepth 1 -mmin +1440 -exec rm -rf {} +
  scratch=$(mktemp -d "$cache/scratch/XXXXXX")
  trap 'rm -rf "$scratch"' EXIT
}

# one_at_a_time NAME: waits until no other program holds the lock of that name.
one_at_a_time() {
  exec 9>"$cache/$1.lock"
  if ! flock -n 9; then
    say "waiting for another run to release $cache/$1.lock"
    flock 9
  fi
}

# kernel_release FOLDER: 6.1.0-56-cloud-amd64 of .../6.1.0-56-cloud-amd64_6.1.192-2
kernel_release() {
  local name
  name=$(basename "$1")
  echo "${name%%_*}"
}
kernel_version() {
  local name
  name=$(basename "$1")
  echo "${name#*_}"
}
kernel_arch() {
  case $(kernel_release "$1") in
    *-arm64) echo arm64 ;;
    *) echo x86_64 ;;
  esac
}

# debian_arch ARCH: what Debian calls it
debian_arch() {
  case $1 in
    x86_64) echo amd64 ;;
    arm64) echo arm64 ;;
    *) die "the architecture is x86_64 or arm64, not $1" ;;
  esac
}
