package parsepool

import "time"

// usage is what a child uses.
type usage struct {
	resident  int64         // bytes
	addresses int64         // bytes of virtual memory
	cpu       time.Duration // of all its threads since its start
}
