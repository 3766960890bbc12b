#!/usr/bin/env bash
# After Redis has lost its data, a running asynq client enqueues tasks into a queue that asynq's tools do not see.
#
# Versions: asynq v0.26.0 on miniredis v2.40.0.
# Behaviour: a client adds the name of a queue to the set asynq:queues when it first uses the queue, and remembers that it did.
# When Redis is flushed, or fails over to an empty replica, the same client enqueues as before, and the set stays empty: the
# inspector lists no queue, and says that the queue does not exist although it holds a task. Tools and exporters that use the
# inspector show nothing, until a process with a new client enqueues.
# Why a good engineer guesses wrong: the call succeeds and a worker runs the task, so the queue seems to have healed.
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
	"fmt"

	"github.com/alicebob/miniredis/v2"
	"github.com/hibiken/asynq"
)

func main() {
	server, err := miniredis.Run()
	if err != nil {
		panic(err)
	}
	defer server.Close()
	redis := asynq.RedisClientOpt{Addr: server.Addr()}
	client, inspector := asynq.NewClient(redis), asynq.NewInspector(redis)
	defer client.Close()
	defer inspector.Close()
	enqueue := func(c *asynq.Client) {
		if _, err := c.Enqueue(asynq.NewTask("mail", nil)); err != nil {
			panic(err)
		}
	}
	look := func(when string) (queues []string, err error) {
		queues, _ = inspector.Queues()
		_, err = inspector.GetQueueInfo("default")
		pending, _ := server.List("asynq:{default}:pending")
		fmt.Printf("%s: pending %d, queues %v, info: %v\n", when, len(pending), queues, err)
		return queues, err
	}
	enqueue(client)
	look("at first       ")
	server.FlushAll()
	enqueue(client)
	queues, err := look("after the flush")
	again := asynq.NewClient(redis)
	defer again.Close()
	enqueue(again)
	healed, _ := look("a new client   ")
	if len(queues) != 0 || err == nil || len(healed) != 1 {
		panic("changed: a client adds its queue to the set again")
	}
}
GO
go mod tidy >/dev/null 2>&1
echo 'asynq v0.26.0'
go run .
