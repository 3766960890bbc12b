// Package mongostore stores the catalogue and the saved timelines in MongoDB.
//
// It uses plain reads and writes of single documents: no transactions, no joins, no expiry. Data that must change
// together is in one document, or is written in an order that is right at every step.
package mongostore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/readpref"

	"github.com/trackmydegree/trackmydegree/internal/budget"
	"github.com/trackmydegree/trackmydegree/internal/fault"
)

// defaultDatabase is the database of a URI that names none.
const defaultDatabase = "trackmydegree"

// The wait for a server that is unavailable, or does not answer, must be shorter than the client's: a request should
// receive 503 in time.
const (
	// defaultTimeout leaves a request, which is answered within 2 s, time for its other steps.
	defaultTimeout   = budget.MongoCall
	selectionTimeout = budget.MongoSelection
	// bulkTimeout bounds each step of work outside of requests: seeding, loading the catalogue, creating indexes.
	bulkTimeout = budget.MongoBulkStep
	// indexRetry is the pause between two attempts to create the indexes.
	indexRetry = 2 * time.Second
)

// Config names the database.
type Config struct {
	// URI is a MongoDB connection string. Its path names the database.
	URI string
	// Timeout bounds one call, all its steps and retries included; 1.4 s when it is 0. timeoutMS of the URI overrides
	// it. Seeding, loading the whole catalogue and creating indexes have 5 s for each step, or the deadline of the
	// caller's context.
	Timeout time.Duration
	// Now is the clock; time.Now when it is nil.
	Now func() time.Time
}

// Store stores the catalogue and the saved timelines in one database.
type Store struct {
	client  *mongo.Client
	opts    *options.ClientOptions // of client
	now     func() time.Time
	timeout time.Duration

	degrees, pools, courses, sequences, state, editions, timelines, installation *mongo.Collection
}

// Open returns the store of a database. It needs no server yet: the driver connects at the first use, and reconnects
// after an outage. The error says what is wrong with the URI.
func Open(cfg Config) (*Store, error) {
	uri, err := parseURI(cfg.URI)
	if err != nil {
		return nil, fmt.Errorf("the URI of MongoDB %w", err)
	}
	if uri.Database == "" {
		uri.Database = defaultDatabase
	}
	if cfg.Timeout <= 0 {
		cfg.Timeout = defaultTimeout
	}
	if uri.TimeoutSet && uri.Timeout > 0 {
		cfg.Timeout = uri.Timeout
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	opts := options.Client().
		SetAppName("tmd").
		SetConnectTimeout(selectionTimeout).
		SetServerSelectionTimeout(selectionTimeout).
		SetTimeout(bulkTimeout).
		ApplyURI(cfg.URI) // last, so that options of the URI win
	client, err := mongo.Connect(opts)
	if err != nil {
		return nil, fmt.Errorf("the URI of MongoDB %w", uriError(cfg.URI, err))
	}
	db := client.Database(uri.Database)
	return &Store{
		client:       client,
		opts:         opts,
		now:          cfg.Now,
		timeout:      cfg.Timeout,
		degrees:      db.Collection("degrees"),
		pools:        db.Collection("coursepools"),
		courses:      db.Collection("courses"),
		sequences:    db.Collection("sequences"),
		state:        db.Collection("catalogue"),
		editions:     db.Collection("editions"),
		timelines:    db.Collection("timelines"),
		installation: db.Collection("installation"),
	}, nil
}

// Close closes the connections.
func (s *Store) Close(ctx context.Context) error {
	if err := s.client.Disconnect(ctx); err != nil {
		return fmt.Errorf("close the connections to MongoDB: %w", err)
	}
	return nil
}

// Ping reports whether the server accepts writes.
func (s *Store) Ping(ctx context.Context) error {
	ctx, cancel := s.withTimeout(ctx)
	defer cancel()
	return storeError(ctx, "ping", s.client.Ping(ctx, readpref.Primary()))
}

// EnsureIndexes creates the missing indexes. It is idempotent, also when several processes call it at once.
func (s *Store) EnsureIndexes(ctx context.Context) error {
	// A page of an owner's list is one range of this index.
	_, err := s.timelines.Indexes().CreateOne(ctx, mongo.IndexModel{
		Keys: bson.D{{Key: "userId", Value: 1}, {Key: "updatedAt", Value: -1}, {Key: "_id", Value: -1}}})
	if err != nil {
		return storeError(ctx, "make the index of timelines", err)
	}
	// Few timelines are of guests: the others are not in this index.
	_, err = s.timelines.Indexes().CreateOne(ctx, mongo.IndexModel{
		Keys: bson.D{{Key: "expiresAt", Value: 1}}, Options: options.Index().SetSparse(true)})
	if err != nil {
		return storeError(ctx, "make the index of guests' timelines", err)
	}
	_, err = s.degrees.Indexes().CreateOne(ctx, mongo.IndexModel{
		Keys: bson.D{{Key: "degreeType", Value: 1}, {Key: "name", Value: 1}}})
	return storeError(ctx, "make the index of degrees", err)
}

// Run creates the indexes and returns: at once when the server is available, otherwise as soon as it is. It returns
// an error only when ctx ends first.
func (s *Store) Run(ctx context.Context) error {
	for {
		err := s.EnsureIndexes(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w, last: %w", ctx.Err(), err)
		case <-time.After(indexRetry):
		}
	}
}

// errSlow is the cause of a call that exceeded the store's timeout.
var errSlow = errors.New("no answer in time")

// withTimeout bounds a call by the store's timeout. The driver alone would use the caller's whole deadline, which is
// a minute in a worker.
func (s *Store) withTimeout(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, s.timeout, errSlow)
}

// storeError turns the error of an operation into a fault, and keeps nil. After the caller has ended the context it
// is canceled or timeout.
func storeError(ctx context.Context, op string, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil && !errors.Is(context.Cause(ctx), errSlow):
		return fmt.Errorf("mongodb: %s: %w", op, ctx.Err())
	default:
		return fault.Wrap(fault.DatabaseUnavailable, fmt.Errorf("mongodb: %s: %w", op, err))
	}
}

// findError is storeError, with missing for a document that does not exist.
func findError(ctx context.Context, op string, err error, missing fault.Code) error {
	if errors.Is(err, mongo.ErrNoDocuments) {
		return fault.New(missing)
	}
	return storeError(ctx, op, err)
}
