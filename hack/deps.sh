#!/usr/bin/env bash
# Installs what the project's tests, linters, chart, cluster and protocols need: hack/deps.sh test, kube, browser, lint, chart,
# cluster, release, audit, proto, or several of them.
# It does nothing when everything is installed. Packages come from apt on Debian and Ubuntu; elsewhere the script says
# what is missing and continues, and the tests that need it are skipped. Go tools are built into .bin from pinned modules.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=$PWD/.bin
mkdir -p "$bin"

# need PACKAGES COMMAND...: installs the packages if none of the commands exists.
missing=()
need() {
	local packages=$1
	shift
	for command in "$@"; do
		command -v "$command" >/dev/null && return
	done
	read -ra packages <<<"$packages"
	missing+=("${packages[@]}")
}

install_missing() {
	[ ${#missing[@]} -gt 0 ] || return 0
	local sudo=()
	if [ "$(id -u)" -ne 0 ]; then
		sudo=(sudo)
	fi
	if ! command -v apt-get >/dev/null || ! command -v "${sudo[0]:-true}" >/dev/null; then
		echo "deps: please install: ${missing[*]}" >&2
		return 0
	fi
	"${sudo[@]}" apt-get update -qq
	# One by one: a package that this release lacks must not stop the others.
	local package
	for package in "${missing[@]}"; do
		"${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$package" ||
			echo "deps: $package cannot be installed; the tests that need it will say so" >&2
	done
}

# tool NAME FOLDER PACKAGE: builds .bin/NAME when its module is newer than it.
tool() {
	local name=$1 folder=hack/tools/$2 package=$3 file
	if [ -x "$bin/$name" ]; then
		local stale=
		for file in "$folder"/* "$folder/$package"/*; do
			[ -f "$file" ] && [ "$file" -nt "$bin/$name" ] && stale=1
		done
		[ -n "$stale" ] || return 0
	fi
	echo "deps: building $name"
	# An interrupted build leaves no incomplete tool; touch, because go build keeps the time of unchanged files.
	(cd "$folder" && CGO_ENABLED=0 go build -buildvcs=false -trimpath -o "$bin/.$name.new" "$package")
	touch "$bin/.$name.new"
	mv "$bin/.$name.new" "$bin/$name"
}

# fetch_axe gets axe-core, which checks the page for accessibility, from the npm registry into .bin.
axe_version=4.14.1
axe_sha256=29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c
fetch_axe() {
	local file=$bin/axe.min.js folder
	echo "$axe_sha256  $file" | sha256sum --check --status 2>/dev/null && return
	if ! command -v npm >/dev/null; then
		echo "deps: npm is missing; the tests that need axe-core will say so" >&2
		return
	fi
	folder=$(mktemp -d)
	npm pack --silent --pack-destination "$folder" "axe-core@$axe_version" >/dev/null
	tar -xzf "$folder/axe-core-$axe_version.tgz" -C "$folder" package/axe.min.js
	echo "$axe_sha256  $folder/package/axe.min.js" | sha256sum --check --status || {
		echo "deps: axe-core $axe_version has another checksum" >&2
		rm -r "$folder"
		return 1
	}
	mv "$folder/package/axe.min.js" "$file"
	rm -r "$folder"
}

[ $# -gt 0 ] || set -- test lint
for what in "$@"; do
	case $what in
	test)
		# The race detector needs a C compiler.
		need "gcc libc6-dev" gcc clang
		need redis-server redis-server
		need poppler-utils pdftotext
		install_missing
		missing=()
		tool ferretdb ferretdb .
		tool versitygw versitygw github.com/versity/versitygw/cmd/versitygw
		;;
	kube)
		# An API server and its etcd, for the tests of the controller, and Helm, whose releases it reads.
		tool helm ../cluster/tools/helm helm.sh/helm/v4/cmd/helm
		hack/cluster/build.sh kubectl etcd
		;;
	browser)
		need chromium chromium chromium-browser google-chrome google-chrome-stable
		need npm npm
		install_missing
		missing=()
		fetch_axe
		;;
	chart)
		tool helm ../cluster/tools/helm helm.sh/helm/v4/cmd/helm
		tool helm-docs helm-docs github.com/norwoodj/helm-docs/cmd/helm-docs
		tool helm-unittest helm-unittest github.com/helm-unittest/helm-unittest/cmd/helm-unittest
		tool kubeconform kubeconform github.com/yannh/kubeconform/cmd/kubeconform
		tool kube-score kube-score github.com/zegl/kube-score/cmd/kube-score
		tool chart-values chart ./values
		tool chart-schemas chart ./schemas
		tool chart-restricted chart ./restricted
		tool chart-kustomize chart ./kustomize
		;;
	cluster)
		# A cluster on this machine (hack/cluster), and the programs that the tests install in it.
		for name in containerd runc openssl redis-server; do
			need "$name" "$name"
		done
		need iproute2 ip
		need iptables iptables
		need nftables nft
		need procps sysctl
		[ -x /usr/lib/cni/bridge ] || need containernetworking-plugins no-such-command
		PATH=$PATH:/usr/sbin:/sbin install_missing
		missing=()
		tool ferretdb ferretdb .
		tool helm ../cluster/tools/helm helm.sh/helm/v4/cmd/helm
		;;
	audit)
		tool govulncheck audit golang.org/x/vuln/cmd/govulncheck
		tool indexdb audit golang.org/x/vulndb/cmd/indexdb
		tool licences audit ./licences
		go mod download
		(cd hack/tools/audit && go mod download golang.org/x/vulndb)
		;;
	release)
		tool helm ../cluster/tools/helm helm.sh/helm/v4/cmd/helm
		tool crane ../cluster/tools/crane github.com/google/go-containerregistry/cmd/crane
		tool cosign cosign github.com/sigstore/cosign/v3/cmd/cosign
		tool release release .
		;;
	lint)
		tool golangci-lint lint github.com/golangci/golangci-lint/v2/cmd/golangci-lint
		tool actionlint actionlint github.com/rhysd/actionlint/cmd/actionlint
		;;
	proto)
		need protobuf-compiler protoc
		install_missing
		missing=()
		tool protoc-gen-go proto google.golang.org/protobuf/cmd/protoc-gen-go
		tool protoc-gen-go-grpc proto google.golang.org/grpc/cmd/protoc-gen-go-grpc
		;;
	*)
		echo "deps: unknown argument $what: use test, kube, browser, lint, chart, cluster, release, audit or proto" >&2
		exit 2
		;;
	esac
done
