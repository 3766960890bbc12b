package outages_test

import (
	"syscall"
	"testing"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/fault"
)

// withoutMongo are the requests that get 503 while MongoDB does not answer: saved timelines and the part of the
// catalogue that is not cached. Uploads and forms are accepted and done, because the catalogue that they need is in
// memory.
var withoutMongo = expectedStatuses{
	"load": 503, "save": 503, "list": 503, "timeline": 503, "rename": 503, "drop": 503, "course": 503, "ready": 503,
}

func TestMongoDB(t *testing.T) {
	t.Parallel()
	w := newWorld(t, reads(t), nil)
	back := func(from string) {
		w.requireRecovery(t, from)
		w.requireStatus(t, 200, getRequest("/api/timelines/"+w.saved))
	}

	w.mongo.Kill()
	w.toDB.closeLink()
	w.checkDuring(t, "MongoDB is gone", "COMP 248", fault.DatabaseUnavailable, withoutMongo)
	w.finishJob(t) // during the outage as well
	w.mongo.Restart(t)
	w.toDB.openLink()
	back("MongoDB was gone")

	// More than once: the first answers come from connections that were established, the later ones from new ones.
	w.mongo.Signal(syscall.SIGSTOP)
	w.checkDuring(t, "MongoDB is paused", "COMP 249", fault.DatabaseUnavailable, withoutMongo)
	w.checkDuring(t, "MongoDB is still paused", "COMP 232", fault.DatabaseUnavailable, withoutMongo)
	w.finishJob(t)
	w.mongo.Signal(syscall.SIGCONT)
	back("MongoDB was paused")

	w.toDB.setDelay(4 * time.Second)
	w.checkDuring(t, "MongoDB answers after 4 s", "COMP 335", fault.DatabaseUnavailable, withoutMongo)
	w.toDB.setDelay(0)
	back("MongoDB was slow")
}
