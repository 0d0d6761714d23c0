#!/usr/bin/env bash
# Packs everything that is shipped, with its symbols: ./pack.sh [FOLDER], by default artifacts/packages.
# The packages require each other in exactly their own version.
set -euo pipefail
cd "$(dirname "$0")"
folder=$(realpath -m "${1:-artifacts/packages}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

base64 -d build/package/icon.png.base64 > "$work/icon.png"
dotnet build -c Release -o "$work/tool" --artifacts-path "$work/tool-artifacts" build/Factstone.Packing
for project in src/Factstone.Model src/Factstone.Storage src/Factstone src/Factstone.Conformance src/Factstone.Cli test/Factstone.Testing; do
    dotnet pack -c Release "$project" -o "$folder" --artifacts-path "$work/artifacts" \
        -p:Shipping=true -p:RunAnalyzers=false -p:PackageIconPath="$work/icon.png" -p:PackingTool="$work/tool/Factstone.Packing.dll"
done
ls -1 "$folder"
