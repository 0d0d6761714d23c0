#!/usr/bin/env bash
# Builds everything and runs every test. Installs by itself what the tests need from Debian.
# Ends with a line "N passed, N failed"; fails when anything fails.
set -uo pipefail
cd "$(dirname "$0")"

# Power-cut and full-disk tests mount small file systems of their own; the git import needs git.
need=()
command -v git >/dev/null || need+=(git)
command -v mkfs.ext4 >/dev/null || need+=(e2fsprogs)
command -v mount >/dev/null || need+=(mount)
if [ ${#need[@]} -gt 0 ]; then
    apt=(apt-get -q -o Acquire::Retries=3 -o DPkg::Lock::Timeout=120)
    "${apt[@]}" update && "${apt[@]}" install -y "${need[@]}" || { echo "Could not install: ${need[*]}"; echo "0 passed, 1 failed"; exit 1; }
fi

export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
for attempt in 1 2 3; do dotnet restore Factstone.slnx && break; sleep $((attempt * 10)); done # the registry may hiccup
if ! dotnet build -c Release Factstone.slnx; then
    echo "The build failed."
    echo "0 passed, 1 failed"
    exit 1
fi

passed=0 failed=0 failures=
for project in test/*.Tests; do
    name=$(basename "$project")
    started=$SECONDS
    output=$(dotnet "$project/bin/Release/net10.0/$name.dll" -noColor -longRunning 60 "$@" 2>&1)
    status=$?
    echo "$output"
    found=$(grep -A 12 -E '\[FAIL\]$|Failure \(.*\]|\[FATAL ERROR\]' <<<"$output") && failures+=$found$'\n'
    # The arguments may select no test of this project. A run without any test fails at the end.
    [ $# -gt 0 ] && [ "$status" -eq 0 ] && grep -qE 'Total: 0$' <<<"$output" && continue
    # xunit's own last line: Total: 89, Errors: 0, Failed: 0, Skipped: 0, Not Run: 0, Time: 1.0s
    summary=$(grep -oE 'Total: [0-9]+, Errors: [0-9]+, Failed: [0-9]+, Skipped: [0-9]+' <<<"$output" | tail -n 1)
    if [ -z "$summary" ]; then
        echo "$name did not finish (exit code $status)."
        failures+="$name did not finish (exit code $status). Its last lines:"$'\n'$(tail -n 30 <<<"$output")$'\n'
        failed=$((failed + 1))
        continue
    fi
    read -r total errors wrong skipped <<<"$(grep -oE '[0-9]+' <<<"$summary" | tr '\n' ' ')"
    passed=$((passed + total - errors - wrong - skipped))
    failed=$((failed + errors + wrong))
    if [ "$status" -ne 0 ] && [ $((errors + wrong)) -eq 0 ]; then
        failed=$((failed + 1))
        failures+="$name ended with exit code $status, and no test failed."$'\n'
    fi
    echo "$name: $((SECONDS - started)) s"
done

[ -z "$failures" ] || printf 'Failed:\n%s' "$failures" # again, because the end of a long log is what is kept of it
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
