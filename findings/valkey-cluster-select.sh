#!/usr/bin/env bash
# Valkey 9 in cluster mode answers SELECT 1 with an error about the number of the database, and not about the cluster.
#
# Versions: Valkey 9.1.2 of Debian sid; Valkey 8.1.1 of Debian trixie for comparison.
# Behaviour: Redis, and Valkey up to 8, answer "ERR SELECT is not allowed in cluster mode". Valkey 9 has several databases in
# cluster mode (cluster-databases, by default 1) and answers "ERR DB index is out of range".
# Why a good engineer guesses wrong: clients that must not use a cluster recognise one by the first answer. With Valkey 9 they
# report that the database does not exist, and after a change to database 0 the next error is MOVED or CROSSSLOT, often much
# later: when two keys of a script happen to be in different slots.
# Needs: apt-get and dpkg-deb of Debian or Ubuntu, redis-cli, and Debian's keyring. Nothing is installed.
set -euo pipefail
dir=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server"; rm -rf "$dir"' EXIT
mirror=$(find /etc/apt \( -name '*.list' -o -name '*.sources' \) -exec sed -nE 's/^URIs: *(\S*debian)$/\1/p; s/^deb (\[.*\] )?(\S*debian) .*/\2/p' {} + | head -n 1)

# start_cluster SUITE PORT: unpacks valkey-server with the libraries of its suite, and starts it in cluster mode.
start_cluster() {
	local state=$dir/$1 port=$2 options deb
	mkdir -p "$state"/{lists/partial,archives/partial,root,data}
	echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] ${mirror:-http://deb.debian.org/debian} $1 main" >"$state/sources.list"
	: >"$state/status"
	options=(-qq -o "Dir::Etc::sourcelist=$state/sources.list" -o Dir::Etc::sourceparts=/dev/null -o "Dir::State::lists=$state/lists"
		-o "Dir::State::status=$state/status" -o "Dir::Cache::archives=$state/archives" -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache=
		-o APT::Install-Recommends=false -o APT::Sandbox::User=root -o Debug::NoLocking=true)
	apt-get "${options[@]}" update
	apt-get "${options[@]}" --yes --download-only install valkey-server
	for deb in "$state"/archives/*.deb; do
		dpkg-deb --extract "$deb" "$state/root"
	done
	"$(find "$state/root" -name 'ld-linux-*.so.*' | head -n 1)" \
		--argv0 valkey-server --library-path "$(find "$state/root" -type d -name '*-linux-gnu' -path '*/lib/*' | paste -sd:)" \
		"$(readlink -f "$(find "$state/root" -path '*/bin/valkey-server' | head -n 1)")" \
		--port "$port" --bind 127.0.0.1 --dir "$state/data" --save '' --cluster-enabled yes >"$state/log" &
	server=$!
	until redis-cli -p "$port" ping >/dev/null 2>&1; do
		kill -0 "$server" 2>/dev/null || { cat "$state/log" >&2; exit 1; }
		sleep 0.1
	done
	answer=$(redis-cli -p "$port" select 1)
	echo "Valkey $(redis-cli -p "$port" info server | sed -n 's/^valkey_version:\([0-9.]*\).*/\1/p'), cluster mode, SELECT 1: $answer"
	kill "$server"
	wait "$server" || true
	server=
}

start_cluster trixie 29381
[ "$answer" = "ERR SELECT is not allowed in cluster mode" ] || { echo "changed: Valkey 8 answers as Valkey 9" >&2; exit 1; }
start_cluster sid 29382
[ "$answer" = "ERR DB index is out of range" ] || { echo "changed: Valkey 9 speaks of the cluster" >&2; exit 1; }
