package s3store

import "golang.org/x/sync/semaphore"

// PartSize is the largest document that is sent as one PUT.
const PartSize = partSize

// LimitMemory sets the memory of all uploads together.
func (s *Store) LimitMemory(n int64) { s.memory = semaphore.NewWeighted(n) }
