#!/usr/bin/env bash
# Runs the tests of the queue against the servers that speak Redis's protocol, from Debian's suites:
#
#   hack/redis-kin.sh [NAME...]     redis-8, valkey-8, valkey-9, redict-7; all of them by default
#
# The packages are unpacked into .cache/kin and not installed, and run with the C library of their own suite. A server that
# the mirrors do not have is named as not tried. KIN_PACKAGES names the packages of tests, KIN_RUN the tests.
set -euo pipefail
cd "$(dirname "$0")/.."
cache=$PWD/.cache/kin
# NAME SUITE PACKAGE PROGRAM
servers=(
	"redis-8 trixie redis-server redis-server"
	"valkey-8 trixie valkey-server valkey-server"
	"valkey-9 sid valkey-server valkey-server"
	"redict-7 sid redict-server redict-server"
)
# Uploads, events, tmd queue and the recovery after lost data, lost workers and a lost server.
read -ra packages <<<"${KIN_PACKAGES:-./internal/redischeck ./internal/jobstore ./internal/queue ./internal/queueadmin ./internal/liveness ./internal/repair ./internal/commands ./internal/httpapi}"
run=${KIN_RUN:-}

# apt_in SUITE ARGUMENT...: apt-get with a state of its own, in which no package is installed.
apt_in() {
	local suite=$1 state=$cache/apt-$1 mirror
	shift
	mkdir -p "$state"/{lists/partial,archives/partial,etc}
	if [ ! -e "$state/etc/sources.list" ]; then
		mirror=$(sed -nE 's/^URIs: *(\S*debian)$/\1/p; s/^deb (\[.*\] )?(\S*debian) .*/\2/p' $(find /etc/apt -name '*.list' -o -name '*.sources') | head -n 1)
		echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] ${mirror:-http://deb.debian.org/debian} $suite main" >"$state/etc/sources.list"
		: >"$state/status"
	fi
	apt-get -qq -o Dir::Etc::sourcelist="$state/etc/sources.list" -o Dir::Etc::sourceparts=/dev/null -o Dir::State::lists="$state/lists" \
		-o Dir::State::status="$state/status" -o Dir::Cache::archives="$state/archives" -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= \
		-o APT::Install-Recommends=false -o APT::Sandbox::User=root -o Debug::NoLocking=true "$@"
}

# unpack NAME SUITE PACKAGE PROGRAM: writes the wrapper $cache/NAME/bin/redis-server.
unpack() {
	local name=$1 suite=$2 package=$3 program=$4 root=$cache/$1/root deb
	[ ! -x "$cache/$name/bin/redis-server" ] || return 0
	apt_in "$suite" update || return 1
	rm -f "$cache/apt-$suite/archives/"*.deb
	apt_in "$suite" --yes --download-only install "$package" || return 1
	mkdir -p "$root" "$cache/$name/bin"
	for deb in "$cache/apt-$suite/archives/"*.deb; do
		dpkg-deb --extract "$deb" "$root"
	done
	program=$(find "$root" -path "*/bin/$program" | head -n 1)
	[ -n "$program" ] || return 1
	# A program of a newer suite needs the loader and the C library of that suite.
	cat >"$cache/$name/bin/redis-server" <<-WRAPPER
		#!/bin/sh
		exec $(find "$root" -name 'ld-linux-*.so.*' | head -n 1) --library-path $(find "$root" -type d -name '*-linux-gnu' -path '*/lib/*' | paste -sd:) --argv0 redis-server $(readlink -f "$program") "\$@"
	WRAPPER
	chmod +x "$cache/$name/bin/redis-server"
	"$cache/$name/bin/redis-server" --version
}

failed=()
test_server() {
	local name=$1 version
	if ! unpack "$@" >"$cache/$name.log" 2>&1; then
		echo "-- $name: not tried, the mirrors do not have it ($(tail -n 1 "$cache/$name.log"))"
		rm -rf "${cache:?}/$name"
		return
	fi
	version=$("$cache/$name/bin/redis-server" --version)
	echo "== $name: $version"
	# The cache of results does not see which server a test found.
	PATH=$cache/$name/bin:$PATH go test -count=1 -timeout 15m ${run:+-run "$run"} "${packages[@]}" || failed+=("$name")
}

mkdir -p "$cache"
for server in "${servers[@]}"; do
	read -ra fields <<<"$server"
	if [ $# -eq 0 ] || [[ " $* " == *" ${fields[0]} "* ]]; then
		test_server "${fields[@]}"
	fi
done
[ ${#failed[@]} -eq 0 ] || { echo "failed: ${failed[*]}" >&2; exit 1; }
