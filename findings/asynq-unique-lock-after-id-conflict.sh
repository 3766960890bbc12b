#!/usr/bin/env bash
# asynq keeps the lock of a unique task that it did not enqueue.
#
# Versions: asynq v0.26.0 on miniredis v2.40.0.
# Behaviour: a task with both options, TaskID and Unique, whose id is taken is refused with ErrTaskIDConflict. The lock of its
# content was set before the id was checked, and it stays for the whole time of Unique. The next task with the same content
# and a free id is refused with ErrDuplicateTask, although no queue holds such a task. No task that ends removes the lock.
# Why a good engineer guesses wrong: one script checks both, so a refusal looks as if it changed nothing. ErrTaskIDConflict
# reads like "it is enqueued already", and the content is not.
# Needs: go.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cat > go.mod <<'MOD'
module finding

go 1.26

require (
	github.com/alicebob/miniredis/v2 v2.40.0
	github.com/hibiken/asynq v0.26.0
)
MOD
cat > main.go <<'GO'
package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/hibiken/asynq"
)

func main() {
	server, err := miniredis.Run()
	if err != nil {
		panic(err)
	}
	defer server.Close()
	client := asynq.NewClient(asynq.RedisClientOpt{Addr: server.Addr()})
	defer client.Close()
	enqueue := func(content, id string, options ...asynq.Option) error {
		_, err := client.Enqueue(asynq.NewTask("mail", []byte(content)), append(options, asynq.TaskID(id))...)
		return err
	}
	first := enqueue("first", "1")
	conflict := enqueue("second", "1", asynq.Unique(time.Hour))
	later := enqueue("second", "2", asynq.Unique(time.Hour))
	fmt.Printf("first with id 1:        %v\nsecond with id 1:       %v\nsecond with the id 2:   %v\n", first, conflict, later)
	locks := 0
	for _, key := range server.Keys() {
		if strings.Contains(key, ":unique:") {
			locks++
			fmt.Println("a lock without a task, for", server.TTL(key).Round(time.Minute))
		}
	}
	if first != nil || !errors.Is(conflict, asynq.ErrTaskIDConflict) || !errors.Is(later, asynq.ErrDuplicateTask) || locks != 1 {
		panic("changed: the lock of a refused task is removed")
	}
}
GO
go mod tidy >/dev/null 2>&1
echo 'asynq v0.26.0'
go run .
