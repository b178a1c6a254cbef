#!/bin/bash
# Brings CPythons that this machine lacks into the cache folder, for the tests: get-pythons.sh [--no-compile | --compile]
# get-pythons.sh --compile brings only the one that has to be compiled; both calls may run side by side.
# get-pythons.sh --tests brings instead the tests of those that came without them, for `npm run conformance`.
# Takes them from Debian's newer suites, by apt and without touching the system's packages, and links static
# executables from pyenv's static libraries. What cannot be had here is said in one line and left out; the tests name
# it as not run.
set -uo pipefail
cache=${XDG_CACHE_HOME:-$HOME/.cache}/gilscope/pythons
pyenv=${PYENV_ROOT:-$HOME/.pyenv}
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$cache"

say() { printf 'get-pythons: %s\n' "$*"; }

# Where the system's own apt gets Debian from; empty where it does not.
debian_site() {
  local site
  command -v apt-get >/dev/null && command -v dpkg >/dev/null || return
  [ -e /usr/share/keyrings/debian-archive-keyring.gpg ] || return
  site=$(apt-get indextargets --format '$(SITE)' 'Origin: Debian' 2>/dev/null | grep -v security | head -1)
  [ -n "$site" ] || site=$(awk '/^URIs:/{print $2; exit}' /etc/apt/sources.list.d/*.sources 2>/dev/null)
  echo "$site"
}

# Gives apt a state of its own for one suite: own FOLDER COMMAND… leaves the system's alone.
prepare_apt() { # FOLDER KIND SUITE
  mkdir -p "$1"/{state/lists/partial,cache/archives/partial,log,files}
  : >"$1/state/status"
  echo "$2 [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $(debian_site) $3 main" >"$1/sources.list"
  own "$1" apt-get update
}
own() { # FOLDER APT-COMMAND…
  local apt=$1 command=$2
  shift 2
  "$command" -qq -o Dir::Etc::sourcelist="$apt/sources.list" -o Dir::Etc::sourceparts=/dev/null \
    -o Dir::Etc::preferences=/dev/null -o Dir::Etc::preferencesparts=/dev/null -o Dir::State="$apt/state" \
    -o Dir::State::status="$apt/state/status" -o Dir::Cache="$apt/cache" -o Dir::Log="$apt/log" \
    -o APT::Sandbox::User=root -o Acquire::Languages=none -o Acquire::Retries=2 "$@"
}

# Runs a function that fills FOLDER, once; says in one line when it cannot.
bring() { # FOLDER WHAT FUNCTION ARGUMENTS…
  local folder=$1 what=$2
  shift 2
  [ "$(cat "$folder/complete" 2>/dev/null)" = "$what" ] && { say "$what: there"; return; }
  if [ "$(uname -m)" != x86_64 ] || [ -z "$(debian_site)" ]; then
    say "$what: left out, needs apt set up for Debian on x86-64"
    return
  fi
  say "$what: getting it"
  rm -rf "$folder"
  mkdir -p "$folder"
  ( set -euo pipefail; "$1" "$folder" "${@:2}"; rm -rf "$folder/.apt" ) >"$folder.log" 2>&1
  # Not `( … ) ||`: that would switch `set -e` off inside.
  if [ $? -eq 0 ]; then
    echo "$what" >"$folder/complete"
  else
    say "$what: failed, left out; see $folder.log ($(tail -1 "$folder.log"))"
    rm -rf "$folder"
  fi
}

# Debian's static executables, with their own glibc beside them, so that they run on an older system.
unpack_suite() { # FOLDER SUITE VERSION…
  local folder=$1 suite=$2 apt=$1/.apt names file version libraries
  shift 2
  prepare_apt "$apt" deb "$suite"
  names=$(own "$apt" apt-get install -y --no-install-recommends --print-uris "${@/#/python}" |
    awk '{sub(/_.*/, "", $2); print $2}')
  cd "$apt/files"
  own "$apt" apt-get download $names
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
}

# The suite's libpython, made to load on this system's glibc, and an executable that is linked to it. The standard
# library is that of the suite's static executable, which must be there.
link_shared() { # FOLDER SUITE VERSION
  local folder=$1 suite=$2 version=$3 apt=$1/.apt from=$cache/$2/usr/lib name
  [ -e "$cache/$suite/complete" ]
  prepare_apt "$apt" deb "$suite"
  mkdir -p "$folder"/{bin,lib}
  cd "$apt/files"
  own "$apt" apt-get download "libpython$version"
  apt-get -qq -o APT::Sandbox::User=root download patchelf
  for name in *.deb; do dpkg -x "$name" "$apt/tree"; done
  name=libpython$version.so.1.0
  echo 'int Py_BytesMain(int, char **); int main(int n, char **args) { return Py_BytesMain(n, args); }' >main.c
  gcc -o "$folder/bin/python$version" main.c "$apt/tree/usr/lib/x86_64-linux-gnu/$name" \
    -Wl,-rpath,"$folder/lib" -Wl,--allow-shlib-undefined
  cp "$apt/tree/usr/lib/x86_64-linux-gnu/$name" "$from"/x86_64-linux-gnu/lib{expat,z}.so.1 "$folder/lib/"
  chmod u+w "$folder"/lib/*.so*
  gcc -shared -fPIC -O2 -o "$folder/lib/libnewer-glibc.so" "$here/get-pythons/newer-glibc.c"
  python3 "$here/get-pythons/lower-glibc.py" "$folder"/lib/lib{python*,expat,z}.so.1*
  # One at a time: both at once make it write the wrong run path.
  "$apt/tree/usr/bin/patchelf" --force-rpath --set-rpath "$folder/lib" "$folder/lib/$name"
  "$apt/tree/usr/bin/patchelf" --add-needed libnewer-glibc.so "$folder/lib/$name"
  ln -s "$from/python$version" "$folder/lib/python$version"
  "$folder/bin/python$version" -c 'import asyncio, multiprocessing, zlib'
}

# Debian's source package, compiled here against this system's glibc: two minutes on two cores. Its library is not compiled
# beforehand, which would take as long again.
compile() { # FOLDER SUITE VERSION CONFIGURE-OPTION…
  local folder=$1 suite=$2 version=$3 apt=$1/.apt
  shift 3
  prepare_apt "$apt" deb-src "$suite"
  cd "$apt/files"
  own "$apt" apt-get source --download-only "python$version"
  mkdir tree
  tar xf python"$version"_*.orig.tar.xz -C tree --strip-components=1
  cd tree
  ./configure -q --prefix="$folder" --without-ensurepip --disable-test-modules "$@" CFLAGS='-O1 -g0' \
    LDFLAGS="-Wl,-rpath,$folder/lib"
  make -s -j"$(nproc)"
  make -s altinstall COMPILEALL_OPTS='-q -x .'
  "$folder/bin/python$version" -c 'import zlib' # the same file as python3.13t in a free-threaded build
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

# CPython's own tests, which Debian packs apart from the standard library that they belong to.
unpack_tests() { # FOLDER SUITE VERSION
  local folder=$1 suite=$2 version=$3 apt=$1/.apt library=$cache/$2/usr/lib/python$3 file want
  want=$("$cache/$suite/usr/bin/python$version-native" -c 'import platform; print(platform.python_version())')
  prepare_apt "$apt" deb "$suite"
  cd "$apt/files"
  own "$apt" apt-get download "libpython$version-testsuite"
  file=$(echo *.deb)
  case $file in *"_$want-"* | *"_$want"[~+_]*) ;; *)
    echo "$file is not of the interpreter's version, $want" >&2
    return 1 ;;
  esac
  dpkg -x "$file" "$apt/tree"
  cp -rn "$apt/tree/usr/lib/python$version/." "$library/"
  [ -e "$library/test/test_threading.py" ]
}

# The free-threaded one was compiled from the source of the same suite, without them.
share_tests() { # FROM VERSION
  local from=$1/usr/lib/python$2/test free=$cache/free-threaded-$2 versions
  [ -e "$free/complete" ] && [ -e "$from/test_threading.py" ] ||
    { say "tests of $2 free-threaded: left out, it or the tests of $2 are not here"; return; }
  [ -e "$free/lib/python$2t/test/test_threading.py" ] && { say "tests of $2 free-threaded: there"; return; }
  versions=$(for one in "$1/usr/bin/python$2-native" "$free/bin/python$2"; do
    "$one" -c 'import platform; print(platform.python_version())'
  done | uniq | wc -l)
  [ "$versions" = 1 ] || { say "tests of $2 free-threaded: left out, those at hand are of another release"; return; }
  cp -r "$from" "$free/lib/python$2t/" && say "tests of $2 free-threaded: there"
}
if [ "${1-}" = --tests ]; then
  for tests in "trixie 3.13" "sid 3.14" "sid 3.15"; do
    read -r suite version <<<"$tests"
    [ -e "$cache/$suite/complete" ] || { say "tests of $version: left out, that CPython is not here"; continue; }
    [ -e "$cache/$suite/usr/lib/python$version/test/test_threading.py" ] && { say "tests of $version: there"; continue; }
    bring "$cache/tests-$version" "tests of CPython $version" unpack_tests "$suite" "$version"
  done
  share_tests "$cache/trixie" 3.13
  exit 0
fi

bring_ready() {
  local python
  for python in "$pyenv"/versions/3.{9,1[0-9]}.*/bin/python3; do
    [ -x "$python" ] && static_from "$python"
  done
  bring "$cache/trixie" "CPython 3.13 static" unpack_suite trixie 3.13
  bring "$cache/sid" "CPython 3.14 and 3.15 static" unpack_suite sid 3.14 3.15
  bring "$cache/shared-3.14" "CPython 3.14 shared" link_shared sid 3.14
  bring "$cache/shared-3.15" "CPython 3.15 shared" link_shared sid 3.15
}
[ "${1-}" = --compile ] || bring_ready
[ "${1-}" = --no-compile ] || bring "$cache/free-threaded-3.13" "CPython 3.13 free-threaded" compile trixie 3.13 --disable-gil
exit 0
