# SPDX-License-Identifier: GPL-3.0-or-later
# Sourced: the Debian 12 package registry, backports and security included, in
# an apt of lab's own, so that the host's sources, lists and pins stay as they
# are. Mirror, proxy and credentials are those the host's apt is set to.
# shellcheck shell=bash
# shellcheck source=common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

apt_root=$cache/apt
apt_options=(
  -o "Dir::State=$apt_root/state"
  -o "Dir::State::status=$apt_root/status"
  -o "Dir::Cache=$apt_root/cache"
  -o "Dir::Etc::SourceList=$apt_root/sources.list"
  -o "Dir::Etc::SourceParts=/dev/null"
  -o "Dir::Etc::Preferences=/dev/null"
  -o "Dir::Etc::PreferencesParts=/dev/null"
  -o "APT::Sandbox::User=root"
  -o "APT::Architecture=amd64"
  -o "APT::Architectures::=amd64"
  -o "APT::Architectures::=arm64"
  -o "Acquire::Languages=none"
  -o "Acquire::Retries=3"
)

# host_source SUITE: "URI OPTION=VALUE..." of the first binary source of the
# host's apt whose suite matches the pattern and that has main.
host_source() {
  local etc file
  eval "$(apt-config shell etc Dir::Etc/d)"
  # shellcheck disable=SC2016
  { cat "$etc/sources.list" "$etc"/sources.list.d/*.list 2>/dev/null || true; } |
    awk -v suite="^($1)/?\$" '
      $1 == "deb" {
        options = ""; at = 2
        if ($2 ~ /^\[/) {
          while ($at !~ /\]$/ && at < NF) at++
          for (i = 2; i <= at; i++) {
            word = $i; gsub(/[\[\]]/, "", word)
            if (word ~ /^(signed-by|trusted)=/) options = options " " word
          }
          at++
        }
        if ($(at + 1) ~ suite && (" " $0 " ") ~ / main /) {
          print $at options; exit
        }
      }'
  for file in "$etc"/sources.list.d/*.sources; do
    [ -f "$file" ] || continue
    # shellcheck disable=SC2016
    awk -v suite="$1" '
      function flush(   i, count, names, options) {
        count = split(value["suites"], names, " ")
        for (i = 1; i <= count && !found; i++)
          if (names[i] ~ "^(" suite ")/?$" &&
              (" " value["types"] " ") ~ / deb / &&
              (" " value["components"] " ") ~ / main / &&
              value["enabled"] !~ /^no/) {
            if (value["signed-by"] ~ /^\//)
              options = " signed-by=" value["signed-by"]
            if (value["trusted"] != "")
              options = options " trusted=" value["trusted"]
            split(value["uris"], names, " ")
            print names[1] options
            found = 1
          }
        delete value
      }
      /^#/ { next }
      /^[ \t]*$/ { flush(); next }
      /^[^ \t]/ {
        key = tolower($0); sub(/:.*/, "", key)
        text = $0; sub(/^[^:]*:[ \t]*/, "", text); value[key] = text
      }
      END { flush() }' "$file"
  done
}

# What is not for arm64 does not read its lists; once read, they stay.
write_sources() { # write_sources ARCHITECTURE
  local architectures=amd64
  if [ "$1" = arm64 ] || grep -qs arm64 "$apt_root/sources.list"; then
    architectures=amd64,arm64
  fi
  local name main="" security="" key=/usr/share/keyrings/debian-archive-keyring.gpg
  if grep -qx ID=debian /etc/os-release; then
    name=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
    name="(${name:-none}|(old)*stable)"
    main=$(host_source "$name" | sed -n 1p)
    security=$(host_source "$name(-security|/updates)" | sed -n 1p)
  fi
  main=${main:-http://deb.debian.org/debian}
  security=${security:-http://deb.debian.org/debian-security}
  local suite source uri options
  for suite in bookworm bookworm-backports bookworm-security; do
    source=$main
    [ $suite != bookworm-security ] || source=$security
    read -r uri options <<<"$source"
    case " $options" in
      *" signed-by="* | *" trusted="*) ;;
      *) [ ! -f $key ] || options="$options signed-by=$key" ;;
    esac
    echo "deb [arch=$architectures targets=Packages $options] $uri $suite main"
  done
}

# refresh MINUTES [ARCHITECTURE]: reads the registry's lists, unless they are
# younger than that.
refresh() {
  mkdir -p "$apt_root/state/lists/partial" "$apt_root/cache/archives/partial"
  touch "$apt_root/status"
  write_sources "${2:-amd64}" >"$apt_root/sources.list.new"
  if cmp -s "$apt_root/sources.list.new" "$apt_root/sources.list" &&
    [ -n "$(find "$apt_root/refreshed" -mmin "-$1" 2>/dev/null)" ]; then
    return
  fi
  mv "$apt_root/sources.list.new" "$apt_root/sources.list"
  say "reading the package lists of Debian 12 with backports"
  # A suite that is gone makes apt fail though the others were read.
  if apt-get "${apt_options[@]}" -q update >"$apt_root/update.log" 2>&1; then
    touch "$apt_root/refreshed"
  else
    grep -E '^(E|W):' "$apt_root/update.log" >&2 || true
    say "reading the package lists failed; going on with those that are here"
  fi
}

# newest_kernel 6.12 [ARCHITECTURE]: "RELEASE VERSION" of the newest cloud kernel
# of that series that has its debuginfo beside it.
newest_kernel() {
  apt-cache "${apt_options[@]}" dumpavail |
    awk -v "series=${1//./\\\\.}" -v "arch=${2:-amd64}" '
      $1 == "Package:" { name = $2 }
      $1 == "Version:" && name ~ "^linux-image-" series "\\.[0-9].*-cloud-" arch "(-dbg)?$" {
        has[name, $2] = 1
        if (sub(/-dbg$/, "", name)) {
          sub(/^linux-image-/, "", name); candidates[name " " $2] = 1
        }
      }
      END {
        for (candidate in candidates) {
          split(candidate, part, " ")
          if (("linux-image-" part[1], part[2]) in has) print candidate
        }
      }' | sort -k2,2V | tail -n 1
}

# depends PACKAGE VERSION: the names a package depends on, one a line.
depends() {
  apt-cache "${apt_options[@]}" show "$1=$2" |
    sed -n 's/^Depends: //p' | tr ',' '\n' | awk '{ print $1 }'
}

# with_libraries ARCHITECTURE PACKAGE...: these packages, and the library
# packages of that architecture which they need, as NAME:ARCHITECTURE.
with_libraries() {
  local arch=$1 asked="" level about names
  shift
  level=$(printf '%s\n' "$@" | sort -u)
  while [ -n "$level" ]; do
    asked=$(printf '%s\n' "$asked" "$level" | sort -u)
    mapfile -t names <<<"$level"
    # Those that are for all architectures are not found that way.
    about=$(apt-cache "${apt_options[@]}" show --no-all-versions \
      "${names[@]/%/:$arch}" 2>/dev/null) || true
    sed -n "s/^Package: \(.*\)/\1:$arch/p" <<<"$about"
    level=$(sed -nE 's/^(Pre-)?Depends: //p' <<<"$about" | tr ',' '\n' |
      awk '$1 ~ /^z?lib/ { sub(/:.*/, "", $1); print $1 }' | sort -u |
      comm -13 <(echo "$asked") -)
  done
}

# fetch FOLDER PACKAGE[=VERSION]...: downloads packages into FOLDER.
fetch() {
  local folder=$1 package size
  shift
  for package in "$@"; do
    size=$(apt-cache "${apt_options[@]}" show "$package" 2>/dev/null |
      sed -n 's/^Size: //p' | head -n 1) || true
    say "fetching $package ($(((${size:-0} + 999999) / 1000000)) MB)"
    (cd "$folder" && apt-get "${apt_options[@]}" -qq download "$package" >&2) ||
      return
  done
}
