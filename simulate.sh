#!/usr/bin/env bash
# The simulation: the engine on a disk that fails at random, against a model.
#   ./simulate.sh                      10,000 seeds that are drawn afresh; the first one is printed
#   FACTSTONE_SEEDS=500 ./simulate.sh  that many
#   FACTSTONE_FIRST=1 ./simulate.sh    from that one on
#   FACTSTONE_SEED=42 ./simulate.sh    one seed, as it was
set -euo pipefail
cd "$(dirname "$0")"
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 FACTSTONE_SEEDS="${FACTSTONE_SEEDS:-10000}" FACTSTONE_FRESH=1
dotnet build -c Release -v q test/Factstone.Tests
exec dotnet test/Factstone.Tests/bin/Release/net10.0/Factstone.Tests.dll -noColor -showLiveOutput -method "Factstone.Tests.Simulation.SimulationTests.No_acknowledged_fact_is_lost_whatever_the_disk_does"
