#!/usr/bin/env bash
# Builds tmd of another revision: hack/build-revision.sh REVISION FOLDER writes FOLDER/tmd. make bench COMPARE uses it.
set -euo pipefail
cd "$(dirname "$0")/.."
revision=$(git rev-parse --verify "$1^{commit}")
folder=$2
rm -rf "$folder"
mkdir -p "$folder"
# A worktree and not an archive: the build reads the version from git.
trap 'git worktree remove --force "$folder/tree"' EXIT
git worktree add --quiet --detach "$folder/tree" "$revision"
(cd "$folder/tree" && CGO_ENABLED=0 go build -trimpath -tags grpcnotrace -o "$folder/tmd" ./cmd/tmd)
echo "built tmd of ${revision:0:12}"
