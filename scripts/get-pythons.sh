#!/bin/bash
# Brings CPythons that this machine lacks into the cache folder, for the tests. Takes them from Debian's newer suites,
# by apt and without touching the system's packages, and links static executables from pyenv's static libraries.
# What cannot be had here is said in one line and left out; the tests name it as not run.
set -uo pipefail
cache=${XDG_CACHE_HOME:-$HOME/.cache}/gilscope/pythons
pyenv=${PYENV_ROOT:-$HOME/.pyenv}
mkdir -p "$cache"

say() { printf 'get-pythons: %s\n' "$*"; }

# Debian's executables keep their own glibc beside them, so that they run on an older system.
from_suite() { # SUITE VERSION…
  local suite=$1 folder=$cache/$1 site version names file
  shift
  [ "$(cat "$folder/complete" 2>/dev/null)" = "$*" ] && { say "$suite: $* is there"; return; }
  [ "$(uname -m)" = x86_64 ] || { say "$suite: only taken for x86-64"; return; }
  for file in apt-get dpkg; do
    command -v $file >/dev/null || { say "$suite: no $file, left out: $*"; return; }
  done
  site=$(apt-get indextargets --format '$(SITE)' 'Origin: Debian' 2>/dev/null | grep -v security | head -1)
  [ -n "$site" ] || site=$(awk '/^URIs:/{print $2; exit}' /etc/apt/sources.list.d/*.sources 2>/dev/null)
  if [ -z "$site" ] || [ ! -e /usr/share/keyrings/debian-archive-keyring.gpg ]; then
    say "$suite: apt is not set up for Debian, left out: $*"
    return
  fi
  say "$suite: unpacking $*"
  rm -rf "$folder"
  ( set -euo pipefail
    apt=$folder/.apt
    mkdir -p "$apt"/{state/lists/partial,cache/archives/partial,log,debs}
    : >"$apt/state/status"
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $site $suite main" >"$apt/sources.list"
    own() { # an apt command with a state of its own
      local command=$1
      shift
      "$command" -qq -o Dir::Etc::sourcelist="$apt/sources.list" -o Dir::Etc::sourceparts=/dev/null \
        -o Dir::Etc::preferences=/dev/null -o Dir::Etc::preferencesparts=/dev/null -o Dir::State="$apt/state" \
        -o Dir::State::status="$apt/state/status" -o Dir::Cache="$apt/cache" -o Dir::Log="$apt/log" \
        -o APT::Sandbox::User=root -o Acquire::Languages=none -o Acquire::Retries=2 "$@"
    }
    own apt-get update
    names=$(own apt-get install -y --no-install-recommends --print-uris "${@/#/python}" |
      awk '{sub(/_.*/, "", $2); print $2}')
    cd "$apt/debs"
    own apt-get download $names
    for file in *.deb; do dpkg -x "$file" "$folder"; done
    # The system's own patchelf, unpacked only: those of the newer suites write executables that crash here.
    mkdir "$apt/tools"
    cd "$apt/tools"
    apt-get -qq -o APT::Sandbox::User=root download patchelf
    dpkg -x patchelf_*.deb .
    libraries=$folder/usr/lib/x86_64-linux-gnu
    for version; do
      "$apt/tools/usr/bin/patchelf" --set-interpreter "$libraries/ld-linux-x86-64.so.2" \
        --force-rpath --set-rpath "$libraries" \
        --output "$folder/usr/bin/python$version-native" "$folder/usr/bin/python$version"
      chmod +x "$folder/usr/bin/python$version-native"
      "$folder/usr/bin/python$version-native" -c 'import ssl, zlib'
    done
    cd "$folder"
    rm -rf .apt
    echo "$*" >complete
  ) >"$cache/$suite.log" 2>&1
  # Not `( … ) ||`: that would switch `set -e` off inside.
  if [ $? -ne 0 ]; then
    say "$suite: failed, left out: $* ($(tail -1 "$cache/$suite.log"))"
    rm -rf "$folder"
  fi
}

# pyenv's --enable-shared builds leave the static library too: one link gives the executable most Linux users have.
static_from() { # PYTHON
  local python=$1 config version short folder
  read -r config version short < <("$python" -c '
import sys, sysconfig as s
print(s.get_config_var("LIBPL"), s.get_config_var("LDVERSION"), "%d.%d" % sys.version_info[:2])')
  folder=$cache/static-$short
  [ -x "$folder/bin/python$version" ] && { say "static $short is there"; return; }
  if [ ! -e "$config/libpython$version.a" ] || ! command -v gcc >/dev/null; then
    say "static $short: no libpython$version.a or no gcc, left out"
    return
  fi
  mkdir -p "$folder/bin"
  ln -sfn "$("$python" -c 'import sysconfig; print(sysconfig.get_config_var("LIBDIR"))')" "$folder/lib"
  if gcc -rdynamic -o "$folder/bin/python$version" "$config/python.o" \
    -Wl,--whole-archive "$config/libpython$version.a" -Wl,--no-whole-archive -lcrypt -lpthread -ldl -lutil -lm \
    >"$cache/static-$short.log" 2>&1 && "$folder/bin/python$version" -c 'import ssl, zlib'; then
    say "static $short linked"
  else
    say "static $short: could not be linked, left out ($(tail -1 "$cache/static-$short.log"))"
    rm -rf "$folder"
  fi
}

for python in "$pyenv"/versions/3.{9,1[0-9]}.*/bin/python3; do
  [ -x "$python" ] && static_from "$python"
done
from_suite trixie 3.13
from_suite sid 3.14 3.15
exit 0
