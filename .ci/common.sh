# Shared by ./cdrengine and ./test; sourced, not run.
# shellcheck shell=bash disable=SC2154

export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }
die() { say "$@"; exit 1; }

# The dotnet command: on the PATH, or where installers put it.
find_runtime() {
    [[ -z "${dotnet:-}" ]] || return 0
    local candidate
    for candidate in "$(command -v dotnet || true)" "${DOTNET_ROOT:-/nowhere}/dotnet" "$HOME/.dotnet/dotnet" /usr/lib/dotnet/dotnet /usr/share/dotnet/dotnet; do
        if [[ -n "$candidate" && -x "$candidate" ]]; then
            dotnet="$candidate"
            return 0
        fi
    done
    die "the .NET 10 SDK is needed (package dotnet-sdk-10.0, or https://dot.net/download) and 'dotnet' is not on the PATH"
}

find_sdk() {
    find_runtime
    (cd "$root" && "$dotnet" --version >/dev/null 2>&1) || die "the .NET 10 SDK is needed; '$dotnet --list-sdks' does not show it"
}

# A checksum over path, size and time of everything the program is built from. About 20 ms.
sources_sum() {
    (cd "$root" && find src hocon demo Directory.Build.props Directory.Packages.props global.json \
        \( -name bin -o -name obj \) -prune -o -type f -printf '%p %s %T@\n' | LC_ALL=C sort | cksum | tr -d ' \n')
}

has_library() {
    compgen -G "/usr/lib/*/$1" >/dev/null || compgen -G "/usr/lib/$1" >/dev/null || compgen -G "/usr/lib64/$1" >/dev/null \
        || compgen -G "/usr/local/lib/$1" >/dev/null || compgen -G "/lib/*/$1" >/dev/null
}

# Debian 13 and Ubuntu 24.04 renamed it for 64-bit time.
pcap_package() {
    if command -v apt-cache >/dev/null && apt-cache show libpcap0.8t64 >/dev/null 2>&1; then echo libpcap0.8t64; else echo libpcap0.8; fi
}

# Installs Debian packages as root; otherwise says how. False where something stays missing.
install_packages() {
    if ! command -v apt-get >/dev/null; then
        say "missing: $* (names of Debian packages; this system has no apt-get)"
        return 1
    fi
    if [[ "$(id -u)" != 0 ]]; then
        say "missing: $*. Install with: sudo apt-get install $*"
        return 1
    fi
    say "installing $*"
    export DEBIAN_FRONTEND=noninteractive
    local log="${TMPDIR:-/tmp}/cdrengine-apt.$$.log" done=0
    # The package lists may be missing or old, as in a fresh container; looking without them first is quicker.
    apt-get install -y -q --no-install-recommends "$@" >"$log" 2>&1 </dev/null \
        || { apt-get update -q >>"$log" 2>&1 </dev/null && apt-get install -y -q --no-install-recommends "$@" >>"$log" 2>&1 </dev/null; } \
        || done=1
    if [[ $done != 0 ]]; then say "apt could not install $*: $(grep -E '^(E:|Err)' "$log" | tail -n 1)"; fi
    rm -f "$log"
    return $done
}
