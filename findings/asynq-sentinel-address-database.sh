#!/usr/bin/env bash
# asynq ignores the database number in the address of Sentinels.
#
# Versions: asynq v0.26.0.
# Behaviour: ParseRedisURI reads the database from "redis://host/3", and not from "redis-sentinel://host/3?master=name": the
# options have database 0, without an error.
# Why a good engineer guesses wrong: both forms have the same path, and everything works. The tasks are in database 0, next to
# the cache that was given that number, whose eviction policy or flush then takes the tasks.
# Needs: go.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cat > go.mod <<'MOD'
module finding

go 1.26

require github.com/hibiken/asynq v0.26.0
MOD
cat > main.go <<'GO'
package main

import (
	"fmt"

	"github.com/hibiken/asynq"
)

func main() {
	alone, err := asynq.ParseRedisURI("redis://localhost:6379/3")
	if err != nil {
		panic(err)
	}
	sentinels, err := asynq.ParseRedisURI("redis-sentinel://localhost:26379/3?master=jobs")
	if err != nil {
		panic(err)
	}
	one, many := alone.(asynq.RedisClientOpt).DB, sentinels.(asynq.RedisFailoverClientOpt).DB
	fmt.Printf("redis://localhost:6379/3                          database %d\n", one)
	fmt.Printf("redis-sentinel://localhost:26379/3?master=jobs    database %d\n", many)
	if one != 3 || many != 0 {
		panic("changed: the database of a Sentinel address is read")
	}
}
GO
go mod tidy >/dev/null 2>&1
echo 'asynq v0.26.0'
go run .
