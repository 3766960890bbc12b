package commands

import (
	"github.com/trackmydegree/trackmydegree/internal/config"
	"github.com/trackmydegree/trackmydegree/internal/mongostore"
)

// openMongo returns the store in MongoDB, and makes its indexes as soon as the server is there.
func (r *role) openMongo(c config.Mongo) (*mongostore.Store, error) {
	store, err := mongostore.Open(mongostore.Config{URI: c.MongoURI.Reveal()})
	if err != nil {
		return nil, err
	}
	r.onClose("database", store.Close)
	r.group.Add("indexes", store.Run)
	return store, nil
}
