#!/usr/bin/env bash
# wazero does not compile a module whose cached form was cut off.
#
# Versions: wazero v1.12.0.
# Behaviour: with NewCompilationCacheWithDir the compiled module is a file. When a full disk or a kill has left that file empty
# or shorter than its header, CompileModule returns an error at each start, for as long as the file is there. An entry of
# another version is compiled again; one that was cut is not.
# Why a good engineer guesses wrong: a cache that cannot be read usually costs time only. Here every new process fails until
# the file is deleted, and the module itself is in order.
# Needs: go.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cat > go.mod <<'MOD'
module finding

go 1.26

require github.com/tetratelabs/wazero v1.12.0
MOD
cat > main.go <<'GO'
package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tetratelabs/wazero"
)

// empty is a module without content: its magic number and version.
var empty = []byte{0, 'a', 's', 'm', 1, 0, 0, 0}

func compile() error {
	ctx := context.Background()
	cache, err := wazero.NewCompilationCacheWithDir("cache")
	if err != nil {
		panic(err)
	}
	defer cache.Close(ctx)
	runtime := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigCompiler().WithCompilationCache(cache))
	defer runtime.Close(ctx)
	_, err = runtime.CompileModule(ctx, empty)
	return err
}

func main() {
	first := compile()
	again := compile()
	entries := 0
	if err := filepath.WalkDir("cache", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		entries++
		return os.Truncate(path, 0)
	}); err != nil {
		panic(err)
	}
	cut := compile()
	later := compile()
	fmt.Printf("first: %v\nagain: %v\nempty entry: %v\nlater: %v\n", first, again, cut, later)
	if entries != 1 || first != nil || again != nil || cut == nil || later == nil {
		panic("changed: an entry that was cut is compiled again")
	}
}
GO
go mod tidy >/dev/null 2>&1
echo 'wazero v1.12.0'
go run .
