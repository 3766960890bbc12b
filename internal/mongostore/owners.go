package mongostore

import (
	"context"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// DeleteTimelines deletes every timeline of an owner and returns their number.
func (s *Store) DeleteTimelines(ctx context.Context, owner string) (int, error) {
	ctx, cancel := s.withTimeout(ctx)
	defer cancel()
	return s.deleteTimelinesWhere(ctx, "delete an owner's timelines", bson.D{{Key: "userId", Value: owner}})
}

// TransferTimelines makes to the owner of every timeline of from, which then does not expire. Each timeline changes
// at once; after a failure the same call transfers the rest.
func (s *Store) TransferTimelines(ctx context.Context, from, to string) error {
	ctx, cancel := s.withTimeout(ctx)
	defer cancel()
	_, err := s.timelines.UpdateMany(ctx, bson.D{{Key: "userId", Value: from}}, bson.D{
		{Key: "$set", Value: bson.D{{Key: "userId", Value: to}}},
		{Key: "$unset", Value: bson.D{{Key: "expiresAt", Value: ""}}},
	})
	return storeError(ctx, "transfer timelines", err)
}

// DeleteExpiredTimelines deletes the timelines of guests that ended before a time, and returns their number.
func (s *Store) DeleteExpiredTimelines(ctx context.Context, before time.Time) (int, error) {
	ctx, cancel := s.withTimeout(ctx)
	defer cancel()
	return s.deleteTimelinesWhere(ctx, "delete expired timelines", bson.D{{Key: "expiresAt", Value: bson.D{{Key: "$lt", Value: before}}}})
}

func (s *Store) deleteTimelinesWhere(ctx context.Context, op string, filter bson.D) (int, error) {
	r, err := s.timelines.DeleteMany(ctx, filter)
	if err != nil {
		return 0, storeError(ctx, op, err)
	}
	return int(r.DeletedCount), nil
}
