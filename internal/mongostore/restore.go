package mongostore

import (
	"context"
	"errors"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/guest"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
)

// FindTimelines returns those timelines of any owner that have one of the ids, by id.
func (s *Store) FindTimelines(ctx context.Context, ids []string) (map[string]timeline.Saved, error) {
	keys := make(bson.A, 0, len(ids))
	for _, id := range ids {
		key, err := bson.ObjectIDFromHex(id)
		if err != nil {
			return nil, fault.Wrap(fault.TimelineNotFound, err)
		}
		keys = append(keys, key)
	}
	docs, err := findAll[timelineDocument](ctx, s.timelines, bson.D{{Key: "_id", Value: bson.D{{Key: "$in", Value: keys}}}}, options.Find())
	if err != nil {
		return nil, storeError(ctx, "find timelines", err)
	}
	found := make(map[string]timeline.Saved, len(docs))
	for _, doc := range docs {
		found[doc.ID.Hex()] = doc.toTimeline()
	}
	return found, nil
}

// RestoreTimelines stores timelines with their ids, versions and times, and returns how many it stored. A timeline
// replaces the one of its id and owner that is at the version in replaces, and is not stored when the database has
// another version, or for one that is not in replaces any.
func (s *Store) RestoreTimelines(ctx context.Context, all []timeline.Saved, replaces map[string]int64) (int, error) {
	models := make([]mongo.WriteModel, 0, len(all))
	for _, t := range all {
		id, err := bson.ObjectIDFromHex(t.ID)
		if err != nil {
			return 0, fault.Wrap(fault.TimelineNotFound, err)
		}
		doc := toTimelineDocument(t, id)
		if ends, ok := guest.EndOf(t.Owner); ok {
			doc.ExpiresAt = &ends
		}
		version, isReplacement := replaces[t.ID]
		if !isReplacement {
			models = append(models, mongo.NewInsertOneModel().SetDocument(doc))
			continue
		}
		filter := bson.D{{Key: "_id", Value: id}, {Key: "userId", Value: t.Owner}, versionFilter(version)}
		models = append(models, mongo.NewReplaceOneModel().SetFilter(filter).SetReplacement(doc))
	}
	if len(models) == 0 {
		return 0, nil
	}
	r, err := s.timelines.BulkWrite(ctx, models, options.BulkWrite().SetOrdered(false))
	stored := 0
	if r != nil {
		stored = int(r.InsertedCount + r.MatchedCount)
	}
	if err != nil && !hasOnlyDuplicates(err) {
		return stored, storeError(ctx, "restore timelines", err)
	}
	return stored, nil
}

// versionFilter selects a version. The earlier system wrote documents without one, which read as 0.
func versionFilter(version int64) bson.E {
	if version == 0 {
		return bson.E{Key: "version", Value: bson.D{{Key: "$in", Value: bson.A{int64(0), nil}}}}
	}
	return bson.E{Key: "version", Value: version}
}

// hasOnlyDuplicates reports whether a bulk write failed for nothing but documents that exist already.
func hasOnlyDuplicates(err error) bool {
	var bulk mongo.BulkWriteException
	if !errors.As(err, &bulk) || bulk.WriteConcernError != nil {
		return false
	}
	for _, e := range bulk.WriteErrors {
		if !mongo.IsDuplicateKeyError(e.WriteError) {
			return false
		}
	}
	return len(bulk.WriteErrors) > 0
}
