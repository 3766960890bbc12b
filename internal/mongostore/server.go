package mongostore

import (
	"context"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// Server describes the server that answers.
type Server struct {
	Version string
	// Clock is the server's time, to the millisecond.
	Clock time.Time
}

// DescribeServer asks the server for its version and its time.
func (s *Store) DescribeServer(ctx context.Context) (Server, error) {
	ctx, cancel := s.withTimeout(ctx)
	defer cancel()
	var build struct {
		Version string `bson:"version"`
	}
	admin := s.client.Database("admin")
	if err := admin.RunCommand(ctx, bson.D{{Key: "buildInfo", Value: 1}}).Decode(&build); err != nil {
		return Server{}, storeError(ctx, "read the version", err)
	}
	var hello struct {
		LocalTime time.Time `bson:"localTime"`
	}
	err := admin.RunCommand(ctx, bson.D{{Key: "hello", Value: 1}}).Decode(&hello)
	return Server{Version: build.Version, Clock: hello.LocalTime.UTC()}, storeError(ctx, "read the time", err)
}
