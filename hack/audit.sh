#!/usr/bin/env bash
# Audits the modules of the programs: hack/audit.sh. After `hack/deps.sh audit` it works offline.
#  1. The modules match go.sum, and the toolchain is the release that go.mod and the Dockerfile name.
#  2. Every linked module has a licence that the project accepts; docs/dependencies.md lists them.
#  3. No known vulnerability is reachable. The database is the module golang.org/x/vulndb at the version in
#     hack/tools/audit/go.mod; GOVULNDB names a newer one instead: a folder in the layout of https://vuln.go.dev, or a URL.
set -euo pipefail
cd "$(dirname "$0")/.."
PATH=$PWD/.bin:$PATH
programs=./cmd/...

echo "== modules and toolchain"
go mod verify
(cd tests && go mod verify)
release=$(go list -m -f '{{.GoVersion}}' | cut -d. -f1,2)
running=$(go env GOVERSION)
case $running in
go"$release" | go"$release".*) echo "$running" ;;
*)
	echo "audit: this is $running, and go.mod names $release" >&2
	exit 1
	;;
esac
grep -q "^ARG GO_IMAGE=.*golang:$release" Dockerfile || {
	echo "audit: the Dockerfile builds with another release than go.mod's $release" >&2
	exit 1
}

echo "== vet"
go vet ./...
(cd tests && go vet ./...)

echo "== licences"
licences -check docs/dependencies.md . "$programs"
echo "docs/dependencies.md: $(grep -c '^| [a-z].*\..*/' docs/dependencies.md) modules"

echo "== known vulnerabilities"
database=${GOVULNDB:-}
if [ -z "$database" ]; then
	data=$(cd hack/tools/audit && go list -m -f '{{.Dir}} {{.Version}}' golang.org/x/vulndb)
	version=${data##* } data=${data% *}
	if [ -z "$data" ] || [ ! -d "$data/data/osv" ]; then
		echo "audit: NOT CHECKED: there is no database of known vulnerabilities. Run hack/deps.sh audit, or name one in GOVULNDB." >&2
		exit 1
	fi
	database=$PWD/.cache/vulndb/$version
	if [ ! -d "$database" ]; then
		mkdir -p .cache/vulndb
		rm -rf .cache/vulndb/new
		indexdb -vulns "$data/data/osv" -out .cache/vulndb/new
		mv .cache/vulndb/new "$database"
	fi
	day=$(sed -E 's/.*-([0-9]{4})([0-9]{2})([0-9]{2})[0-9]{6}-.*/\1-\2-\3/' <<<"$version")
	echo "database of $day"
	if [ "$(date -d "$day + 90 days" +%s)" -lt "$(date +%s)" ]; then
		echo "audit: the database is older than 90 days: (cd hack/tools/audit && go get golang.org/x/vulndb@latest && go mod tidy)" >&2
	fi
fi
case $database in
*://*) ;;
*) database=file://$(realpath "$database") ;;
esac
# A vulnerability in code that is imported but never called is reported, and is no failure. Neither is one of this machine's
# toolchain, because another one builds the release; with AUDIT_TOOLCHAIN=fail it is, for a release that is built here.
found=$(mktemp)
trap 'rm -f "$found"' EXIT
code=0
govulncheck -db "$database" "$programs" >"$found" || code=$?
grep -vE '^      #|^    Example traces found:$' "$found" | cat -s
case $code in
0) ;;
3)
	if grep -q '^  Module: ' "$found"; then
		echo "audit: the programs reach known vulnerabilities of modules" >&2
		exit 1
	fi
	fixed=$(grep -oE 'Fixed in: .*@go[0-9.]+' "$found" | grep -oE 'go[0-9.]+$' | sort -Vu | tail -1)
	echo "audit: $running has known vulnerabilities that the programs may reach: build releases with ${fixed:-a newer one} or newer" >&2
	[ "${AUDIT_TOOLCHAIN:-}" != fail ] || exit 1
	;;
*) exit "$code" ;;
esac
echo "audit: done"
