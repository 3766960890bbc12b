package mongostore

import (
	"context"
	"errors"

	"github.com/google/uuid"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
)

// installationDocument is the _id of the only document of its collection.
const installationDocument = "installation"

// InstallationID returns the id of the installation whose data the database holds: a random one, stored by the first
// call. It moves with a backup of the database.
func (s *Store) InstallationID(ctx context.Context) (string, error) {
	ctx, cancel := s.withTimeout(ctx)
	defer cancel()
	const op = "read the id of the installation"
	id, err := s.findInstallation(ctx)
	if !errors.Is(err, mongo.ErrNoDocuments) {
		return id, storeError(ctx, op, err)
	}
	if err := s.AdoptInstallation(ctx, uuid.NewString()); err != nil {
		return "", err
	}
	id, err = s.findInstallation(ctx)
	return id, storeError(ctx, op, err)
}

// AdoptInstallation stores the id of the installation, unless the database has one.
func (s *Store) AdoptInstallation(ctx context.Context, id string) error {
	ctx, cancel := s.withTimeout(ctx)
	defer cancel()
	_, err := s.installation.InsertOne(ctx, bson.D{{Key: "_id", Value: installationDocument}, {Key: "id", Value: id}})
	if mongo.IsDuplicateKeyError(err) {
		return nil
	}
	return storeError(ctx, "store the id of the installation", err)
}

func (s *Store) findInstallation(ctx context.Context) (string, error) {
	var doc struct {
		ID string `bson:"id"`
	}
	err := s.installation.FindOne(ctx, bson.D{{Key: "_id", Value: installationDocument}}).Decode(&doc)
	return doc.ID, err
}
