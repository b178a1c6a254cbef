#!/bin/bash
# Brings the tools that `npm run bench` measures beside GILscope into the cache folder: get-rivals.sh PYTHON…
# One virtual environment for each given interpreter, named by its version, and wrk, unpacked only, where apt has it.
# What cannot be had is said in one line and left out; the benchmark names it with the reason.
set -uo pipefail
cache=${XDG_CACHE_HOME:-$HOME/.cache}/gilscope/rivals
# setuptools: gil_load imports distutils, which Python 3.12 no longer has.
packages=(py-spy viztracer gil_load setuptools numpy waitress)
mkdir -p "$cache"

say() { printf 'get-rivals: %s\n' "$*"; }

environment() { # PYTHON
  local version folder package
  version=$("$1" -c 'import platform; print(platform.python_version())') || return
  folder=$cache/$version
  if [ ! -x "$folder/bin/python" ] && ! "$1" -m venv "$folder" >/dev/null 2>&1; then
    # Debian ships venv without pip.
    "$1" -m venv --without-pip "$folder" || return
  fi
  for package in "${packages[@]}"; do
    if install "$folder" "$version" "$package" >"$cache/$version-$package.log" 2>&1; then
      say "$version: $package"
    else
      say "$version: $package left out: $(grep -E '^ERROR' "$cache/$version-$package.log" | tail -1)"
    fi
  done
}

# Where the environment has no pip, that of another takes wheels made for its version.
install() { # FOLDER VERSION PACKAGE
  if [ -x "$1/bin/pip" ]; then
    "$1/bin/pip" install --quiet "$3"
  else
    local pip
    pip=$(ls "$cache"/*/bin/pip | head -1)
    "$pip" install --quiet --only-binary :all: --python-version "$2" --upgrade \
      --target "$1/lib/python${2%.*}/site-packages" "$3"
  fi
}

unpack_wrk() {
  [ -x "$cache/wrk/usr/bin/wrk" ] && { say 'wrk: there'; return; }
  command -v apt-get >/dev/null && command -v dpkg >/dev/null || { say 'wrk: left out, needs apt'; return; }
  mkdir -p "$cache/wrk" && cd "$cache/wrk" || return
  for name in wrk libluajit-5.1-2; do
    apt-get -qq -o APT::Sandbox::User=root download "$name" || { say 'wrk: left out'; return; }
  done
  for name in *.deb; do dpkg -x "$name" .; done
  say 'wrk: unpacked'
}

for python; do
  environment "$python"
done
unpack_wrk
exit 0
