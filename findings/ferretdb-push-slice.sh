#!/usr/bin/env bash
# FerretDB 1.24 ignores $slice of a $push, and loses updates of one document that arrive at the same time.
#
# Versions: FerretDB v1.24.2 over SQLite, mongo-driver v2.10.0.
# Behaviour: an update {$push: {log: {$each: [3], $slice: -2}}} on {log: [1, 2]} keeps the newest two on MongoDB, [2, 3]. FerretDB
# reports success and stores all three. Of 200 updates {$inc: {n: 1}} from eight connections a part is lost, each with the
# answer that one document was modified.
# Why a good engineer guesses wrong: a server that does not know an operator refuses it, and an update of one document is atomic
# on every MongoDB. A test against FerretDB then proves neither a bounded list nor a counter.
# Needs: go. The first run builds FerretDB, which takes some minutes.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cat > go.mod <<'MOD'
module finding

go 1.26

require (
	github.com/FerretDB/FerretDB v1.24.2
	go.mongodb.org/mongo-driver/v2 v2.10.0
)
MOD
cat > main.go <<'GO'
package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"sync"

	"github.com/FerretDB/FerretDB/ferretdb"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func main() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	must(os.Mkdir("data", 0o700))
	server, err := ferretdb.New(&ferretdb.Config{
		Listener: ferretdb.ListenerConfig{TCP: "127.0.0.1:0"}, Handler: "sqlite", SQLiteURL: "file:data/",
		Logger: slog.New(slog.DiscardHandler),
	})
	must(err)
	go func() { _ = server.Run(ctx) }()
	client, err := mongo.Connect(options.Client().ApplyURI(server.MongoDBURI()))
	must(err)
	c := client.Database("test").Collection("documents")

	_, err = c.InsertOne(ctx, bson.M{"_id": 1, "log": []int{1, 2}, "n": 0})
	must(err)
	_, err = c.UpdateOne(ctx, bson.M{"_id": 1}, bson.M{"$push": bson.M{"log": bson.M{"$each": []int{3}, "$slice": -2}}})
	must(err)

	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 25 {
				answer, err := c.UpdateOne(ctx, bson.M{"_id": 1}, bson.M{"$inc": bson.M{"n": 1}})
				must(err)
				if answer.ModifiedCount != 1 {
					panic("an update says that it changed nothing")
				}
			}
		})
	}
	group.Wait()

	var got struct {
		Log []int
		N   int
	}
	must(c.FindOne(ctx, bson.M{"_id": 1}).Decode(&got))
	fmt.Printf("list after $push with $slice -2: %v\n200 increments: %d\n", got.Log, got.N)
	if len(got.Log) != 3 || got.N == 200 {
		panic("changed: $slice is applied, or updates are atomic")
	}
}
GO
go mod tidy >/dev/null 2>&1
echo 'FerretDB v1.24.2'
go run .
