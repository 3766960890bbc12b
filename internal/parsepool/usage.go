package parsepool

import "time"

// usage is the resource usage of a child.
type usage struct {
	resident  int64         // bytes
	addresses int64         // bytes of virtual memory
	cpu       time.Duration // of all its threads since its start
}
