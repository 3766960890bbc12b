package mongostore

import (
	"context"
	"errors"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/guest"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
	"github.com/trackmydegree/trackmydegree/internal/timelines"
)

// InsertTimeline stores a new timeline and returns it with id, version 1 and times.
func (s *Store) InsertTimeline(ctx context.Context, t timeline.Saved) (timeline.Saved, error) {
	ctx, cancel := s.withTimeout(ctx)
	defer cancel()
	if err := timelines.ValidateSaved(t); err != nil {
		return timeline.Saved{}, err
	}
	id := bson.NewObjectID()
	t.ID, t.Version = id.Hex(), 1
	t.CreatedAt = s.now().UTC().Truncate(time.Millisecond)
	t.UpdatedAt = t.CreatedAt
	doc := toTimelineDocument(t, id)
	if ends, ok := guest.EndOf(t.Owner); ok {
		doc.ExpiresAt = &ends
	}
	if _, err := s.timelines.InsertOne(ctx, doc); err != nil {
		return timeline.Saved{}, storeError(ctx, "insert a timeline", err)
	}
	return t, nil
}

// UpdateTimeline replaces the owner's fields of a timeline, if it is still at t.Version (0: at any version), and
// returns it with its new version; timeline_not_found when the owner has none, precondition_failed for another
// version.
func (s *Store) UpdateTimeline(ctx context.Context, t timeline.Saved) (timeline.Saved, error) {
	ctx, cancel := s.withTimeout(ctx)
	defer cancel()
	if err := timelines.ValidateSaved(t); err != nil {
		return timeline.Saved{}, err
	}
	filter, err := timelineFilter(t.Owner, t.ID, t.Version)
	if err != nil {
		return timeline.Saved{}, err
	}
	var after timelineDocument
	err = s.timelines.FindOneAndUpdate(ctx, filter, bson.D{
		{Key: "$set", Value: bson.D{
			{Key: "degreeId", Value: t.DegreeID},
			{Key: "calendar", Value: t.Calendar},
			{Key: "name", Value: t.Name},
			{Key: "isExtendedCredit", Value: t.IsExtendedCredit},
			{Key: "isCoop", Value: t.IsCoop},
			{Key: "semesters", Value: mapSlice(t.Semesters, toSemesterDocument)},
			{Key: "courseStatusMap", Value: mapValues(t.States, toStateDocument)},
			{Key: "exemptions", Value: t.Exemptions},
			{Key: "deficiencies", Value: t.Deficiencies},
			{Key: "extraCourses", Value: mapSlice(t.Extra, toExtraCourseDocument)},
			{Key: "creditsRequired", Value: t.Required},
			{Key: "transfers", Value: t.Transfers},
			{Key: "warnings", Value: t.Warnings},
			{Key: "pins", Value: t.Pins},
			{Key: "waivers", Value: t.Waivers},
			{Key: "updatedAt", Value: s.now().UTC().Truncate(time.Millisecond)},
		}},
		{Key: "$inc", Value: bson.D{{Key: "version", Value: int64(1)}}},
	}, options.FindOneAndUpdate().SetReturnDocument(options.After)).Decode(&after)
	if errors.Is(err, mongo.ErrNoDocuments) {
		return timeline.Saved{}, s.explainMiss(ctx, t.Owner, t.ID, t.Version)
	}
	if err != nil {
		return timeline.Saved{}, storeError(ctx, "update a timeline", err)
	}
	return after.toTimeline(), nil
}

// FindTimeline returns a timeline of the owner; timeline_not_found when there is none or it belongs to another owner.
func (s *Store) FindTimeline(ctx context.Context, owner, id string) (timeline.Saved, error) {
	ctx, cancel := s.withTimeout(ctx)
	defer cancel()
	filter, err := timelineFilter(owner, id, 0)
	if err != nil {
		return timeline.Saved{}, err
	}
	var doc timelineDocument
	if err := s.timelines.FindOne(ctx, filter).Decode(&doc); err != nil {
		return timeline.Saved{}, findError(ctx, "read a timeline", err, fault.TimelineNotFound)
	}
	return doc.toTimeline(), nil
}

// ListTimelines returns a page of the owner's timelines, latest update first, without semesters, states and extra
// courses, and the cursor of the next page ("" at the end); bad_request for a cursor that it did not return.
func (s *Store) ListTimelines(ctx context.Context, owner, cursor string, limit int) ([]timeline.Saved, string, error) {
	ctx, cancel := s.withTimeout(ctx)
	defer cancel()
	limit = timelines.PageSize(limit)
	filter := bson.D{{Key: "userId", Value: owner}}
	if cursor != "" {
		last, err := timelines.DecodeCursor(cursor)
		if err != nil {
			return nil, "", err
		}
		id, err := bson.ObjectIDFromHex(last.ID)
		if err != nil {
			return nil, "", fault.Wrap(fault.BadRequest, err)
		}
		filter = append(filter, bson.E{Key: "$or", Value: bson.A{
			bson.D{{Key: "updatedAt", Value: bson.D{{Key: "$lt", Value: last.UpdatedAt}}}},
			bson.D{{Key: "updatedAt", Value: last.UpdatedAt}, {Key: "_id", Value: bson.D{{Key: "$lt", Value: id}}}},
		}})
	}
	docs, err := findAll[timelineDocument](ctx, s.timelines, filter, options.Find().
		SetSort(bson.D{{Key: "updatedAt", Value: -1}, {Key: "_id", Value: -1}}).
		SetProjection(bson.D{{Key: "semesters", Value: 0}, {Key: "courseStatusMap", Value: 0}, {Key: "extraCourses", Value: 0},
			{Key: "transfers", Value: 0}, {Key: "warnings", Value: 0}, {Key: "pins", Value: 0}, {Key: "waivers", Value: 0},
			{Key: "creditsRequired", Value: 0}}).
		SetLimit(int64(limit)+1))
	if err != nil {
		return nil, "", storeError(ctx, "list timelines", err)
	}
	next := ""
	if len(docs) > limit {
		docs = docs[:limit]
		end := docs[limit-1]
		next = timelines.Position{UpdatedAt: end.UpdatedAt, ID: end.ID.Hex()}.EncodeCursor()
	}
	ts := make([]timeline.Saved, len(docs))
	for i, d := range docs {
		ts[i] = d.toTimeline()
	}
	return ts, next, nil
}

// DeleteTimeline removes a timeline of the owner; version and errors as in UpdateTimeline.
func (s *Store) DeleteTimeline(ctx context.Context, owner, id string, version int64) error {
	ctx, cancel := s.withTimeout(ctx)
	defer cancel()
	filter, err := timelineFilter(owner, id, version)
	if err != nil {
		return err
	}
	r, err := s.timelines.DeleteOne(ctx, filter)
	if err != nil {
		return storeError(ctx, "delete a timeline", err)
	}
	if r.DeletedCount == 0 {
		return s.explainMiss(ctx, owner, id, version)
	}
	return nil
}

// explainMiss explains why a write matched no document: there is none, or it is at another version.
func (s *Store) explainMiss(ctx context.Context, owner, id string, version int64) error {
	if version == 0 {
		return fault.New(fault.TimelineNotFound)
	}
	if _, err := s.FindTimeline(ctx, owner, id); err != nil {
		return err
	}
	return fault.New(fault.PreconditionFailed)
}

// timelineFilter selects a timeline of the owner, at a version unless that is 0.
func timelineFilter(owner, id string, version int64) (bson.D, error) {
	if !timelines.ValidID(id) {
		return nil, fault.New(fault.TimelineNotFound)
	}
	oid, err := bson.ObjectIDFromHex(id)
	if err != nil {
		return nil, fault.Wrap(fault.TimelineNotFound, err)
	}
	filter := bson.D{{Key: "_id", Value: oid}, {Key: "userId", Value: owner}}
	if version != 0 {
		filter = append(filter, bson.E{Key: "version", Value: version})
	}
	return filter, nil
}

// VisitTimelines calls visit with every saved timeline of every owner, in no particular order, until it returns an
// error, which comes back as it is.
func (s *Store) VisitTimelines(ctx context.Context, visit func(timeline.Saved) error) error {
	cursor, err := s.timelines.Find(ctx, bson.D{})
	if err != nil {
		return storeError(ctx, "visit the timelines", err)
	}
	defer func() { _ = cursor.Close(context.WithoutCancel(ctx)) }()
	for cursor.Next(ctx) {
		var doc timelineDocument
		if err := cursor.Decode(&doc); err != nil {
			return storeError(ctx, "visit the timelines", err)
		}
		if err := visit(doc.toTimeline()); err != nil {
			return err
		}
	}
	return storeError(ctx, "visit the timelines", cursor.Err())
}
