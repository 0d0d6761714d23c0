#!/usr/bin/env bash
# All parts of a ledger together, at random, on a disk that fails, against a plain model.
#   ./together.sh                      10,000 seeds that are drawn afresh; the first one is printed
#   FACTSTONE_SEEDS=500 ./together.sh  that many
#   FACTSTONE_FIRST=1 ./together.sh    from that one on
#   FACTSTONE_SEED=42 ./together.sh    one seed, as it was
set -euo pipefail
cd "$(dirname "$0")"
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 FACTSTONE_SEEDS="${FACTSTONE_SEEDS:-10000}"
dotnet build -c Release -v q test/Factstone.Tests
exec dotnet test/Factstone.Tests/bin/Release/net10.0/Factstone.Tests.dll -noColor -showLiveOutput -method "Factstone.Tests.Together.TogetherTests.All_parts_together_are_as_the_model_says_whatever_the_disk_does"
