package boltstore

import (
	"context"

	"github.com/google/uuid"
	"go.etcd.io/bbolt"
)

// installationKey is a key of stateBucket.
var installationKey = []byte("installation")

// InstallationID returns the id of the installation whose data the file holds: a random one, stored by the first call.
// It moves with a backup of the file.
func (s *Store) InstallationID(ctx context.Context) (string, error) {
	var id string
	err := s.update(ctx, "read the id of the installation", func(tx *bbolt.Tx) error {
		state := tx.Bucket(stateBucket)
		if id = string(state.Get(installationKey)); id != "" {
			return nil
		}
		id = uuid.NewString()
		return state.Put(installationKey, []byte(id))
	})
	return id, err
}

// AdoptInstallation stores the id of the installation, unless the file has one.
func (s *Store) AdoptInstallation(ctx context.Context, id string) error {
	return s.update(ctx, "store the id of the installation", func(tx *bbolt.Tx) error {
		state := tx.Bucket(stateBucket)
		if state.Get(installationKey) != nil {
			return nil
		}
		return state.Put(installationKey, []byte(id))
	})
}
