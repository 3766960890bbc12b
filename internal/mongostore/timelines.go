package mongostore

import (
	"context"
	"errors"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/trackmydegree/trackmydegree/internal/audit"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
	"github.com/trackmydegree/trackmydegree/internal/timelines"
	"github.com/trackmydegree/trackmydegree/internal/warning"
)

// saved is a timeline as a document. The names are those of the earlier system, whose timelines can be read on.
type saved struct {
	ID               bson.ObjectID             `bson:"_id"`
	Owner            string                    `bson:"userId"`
	DegreeID         string                    `bson:"degreeId"`
	Name             string                    `bson:"name"`
	IsExtendedCredit bool                      `bson:"isExtendedCredit"`
	IsCoop           bool                      `bson:"isCoop"`
	Semesters        []timeline.Semester       `bson:"semesters"`
	States           map[string]timeline.State `bson:"courseStatusMap"`
	Exemptions       []string                  `bson:"exemptions"`
	Deficiencies     []string                  `bson:"deficiencies"`
	Extra            []timeline.ExtraCourse    `bson:"extraCourses,omitempty"`
	Required         float64                   `bson:"creditsRequired,omitempty"`
	Transfers        []timeline.Transfer       `bson:"transfers,omitempty"`
	Warnings         []warning.Warning         `bson:"warnings,omitempty"`
	Pins             map[string]string         `bson:"pins,omitempty"`
	Waivers          []audit.Waiver            `bson:"waivers,omitempty"`
	Version          int64                     `bson:"version"`
	CreatedAt        time.Time                 `bson:"createdAt"`
	UpdatedAt        time.Time                 `bson:"updatedAt"`
}

func document(t timeline.Saved, id bson.ObjectID) saved {
	return saved{
		ID: id, Owner: t.Owner, DegreeID: t.DegreeID, Name: t.Name, IsExtendedCredit: t.IsExtendedCredit, IsCoop: t.IsCoop,
		Semesters: t.Semesters, States: t.States, Exemptions: t.Exemptions, Deficiencies: t.Deficiencies, Extra: t.Extra,
		Required: t.Required, Transfers: t.Transfers, Warnings: t.Warnings, Pins: t.Pins, Waivers: t.Waivers,
		Version: t.Version, CreatedAt: t.CreatedAt, UpdatedAt: t.UpdatedAt,
	}
}

func (d saved) timeline() timeline.Saved {
	return timeline.Saved{
		ID: d.ID.Hex(), Owner: d.Owner, DegreeID: d.DegreeID, Name: d.Name, IsExtendedCredit: d.IsExtendedCredit, IsCoop: d.IsCoop,
		Semesters: d.Semesters, States: d.States, Exemptions: d.Exemptions, Deficiencies: d.Deficiencies, Extra: d.Extra,
		Required: d.Required, Transfers: d.Transfers, Warnings: d.Warnings, Pins: d.Pins, Waivers: d.Waivers,
		// A document without a version is one that the earlier system wrote.
		Version: d.Version, CreatedAt: d.CreatedAt.UTC(), UpdatedAt: d.UpdatedAt.UTC(),
	}
}

// Insert stores a new timeline and returns it with id, version 1 and times.
func (s *Store) Insert(ctx context.Context, t timeline.Saved) (timeline.Saved, error) {
	ctx, cancel := s.bounded(ctx)
	defer cancel()
	if err := timelines.Storable(t); err != nil {
		return timeline.Saved{}, err
	}
	id := bson.NewObjectID()
	t.ID, t.Version = id.Hex(), 1
	t.CreatedAt = s.now().UTC().Truncate(time.Millisecond)
	t.UpdatedAt = t.CreatedAt
	if _, err := s.timelines.InsertOne(ctx, document(t, id)); err != nil {
		return timeline.Saved{}, failed(ctx, "insert a timeline", err)
	}
	return t, nil
}

// Update replaces what the owner decides of a timeline, if it is still at t.Version (0: whatever it is at), and returns it
// with its new version; timeline_not_found when the owner has none, precondition_failed when it is at another version.
func (s *Store) Update(ctx context.Context, t timeline.Saved) (timeline.Saved, error) {
	ctx, cancel := s.bounded(ctx)
	defer cancel()
	if err := timelines.Storable(t); err != nil {
		return timeline.Saved{}, err
	}
	filter, err := selected(t.Owner, t.ID, t.Version)
	if err != nil {
		return timeline.Saved{}, err
	}
	var after saved
	err = s.timelines.FindOneAndUpdate(ctx, filter, bson.D{
		{Key: "$set", Value: bson.D{
			{Key: "degreeId", Value: t.DegreeID},
			{Key: "name", Value: t.Name},
			{Key: "isExtendedCredit", Value: t.IsExtendedCredit},
			{Key: "isCoop", Value: t.IsCoop},
			{Key: "semesters", Value: t.Semesters},
			{Key: "courseStatusMap", Value: t.States},
			{Key: "exemptions", Value: t.Exemptions},
			{Key: "deficiencies", Value: t.Deficiencies},
			{Key: "extraCourses", Value: t.Extra},
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
		return timeline.Saved{}, s.missed(ctx, t.Owner, t.ID, t.Version)
	}
	if err != nil {
		return timeline.Saved{}, failed(ctx, "update a timeline", err)
	}
	return after.timeline(), nil
}

// Get returns a timeline of the owner; timeline_not_found when there is none or it is another's.
func (s *Store) Get(ctx context.Context, owner, id string) (timeline.Saved, error) {
	ctx, cancel := s.bounded(ctx)
	defer cancel()
	filter, err := selected(owner, id, 0)
	if err != nil {
		return timeline.Saved{}, err
	}
	var doc saved
	if err := s.timelines.FindOne(ctx, filter).Decode(&doc); err != nil {
		return timeline.Saved{}, found(ctx, "read a timeline", err, fault.TimelineNotFound)
	}
	return doc.timeline(), nil
}

// List returns a page of the owner's timelines, the newest update first, without semesters, states and extra courses, and
// the cursor of the next page ("" at the end); bad_request for a cursor that it did not give out.
func (s *Store) List(ctx context.Context, owner, cursor string, limit int) ([]timeline.Saved, string, error) {
	ctx, cancel := s.bounded(ctx)
	defer cancel()
	limit = timelines.Page(limit)
	filter := bson.D{{Key: "userId", Value: owner}}
	if cursor != "" {
		last, err := timelines.ParseCursor(cursor)
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
	docs, err := all[saved](ctx, s.timelines, filter, options.Find().
		SetSort(bson.D{{Key: "updatedAt", Value: -1}, {Key: "_id", Value: -1}}).
		SetProjection(bson.D{{Key: "semesters", Value: 0}, {Key: "courseStatusMap", Value: 0}, {Key: "extraCourses", Value: 0},
			{Key: "transfers", Value: 0}, {Key: "warnings", Value: 0}, {Key: "pins", Value: 0}, {Key: "waivers", Value: 0},
			{Key: "creditsRequired", Value: 0}}).
		SetLimit(int64(limit)+1))
	if err != nil {
		return nil, "", failed(ctx, "list timelines", err)
	}
	next := ""
	if len(docs) > limit {
		docs = docs[:limit]
		end := docs[limit-1]
		next = timelines.Position{UpdatedAt: end.UpdatedAt, ID: end.ID.Hex()}.Cursor()
	}
	ts := make([]timeline.Saved, len(docs))
	for i, d := range docs {
		ts[i] = d.timeline()
	}
	return ts, next, nil
}

// Delete removes a timeline of the owner; version and errors as in Update.
func (s *Store) Delete(ctx context.Context, owner, id string, version int64) error {
	ctx, cancel := s.bounded(ctx)
	defer cancel()
	filter, err := selected(owner, id, version)
	if err != nil {
		return err
	}
	r, err := s.timelines.DeleteOne(ctx, filter)
	if err != nil {
		return failed(ctx, "delete a timeline", err)
	}
	if r.DeletedCount == 0 {
		return s.missed(ctx, owner, id, version)
	}
	return nil
}

// missed says why a write matched no document: there is none, or it is at another version.
func (s *Store) missed(ctx context.Context, owner, id string, version int64) error {
	if version == 0 {
		return fault.New(fault.TimelineNotFound)
	}
	if _, err := s.Get(ctx, owner, id); err != nil {
		return err
	}
	return fault.New(fault.PreconditionFailed)
}

// selected selects a timeline of the owner, at a version unless that is 0.
func selected(owner, id string, version int64) (bson.D, error) {
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
