package s3store

import "golang.org/x/sync/semaphore"

// PartSize is up to where a document is one PUT.
const PartSize = partSize

// LimitMemory sets what documents may take together.
func (s *Store) LimitMemory(n int64) { s.memory = semaphore.NewWeighted(n) }
