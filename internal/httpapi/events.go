package httpapi

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/tmaxmax/go-sse"

	"github.com/trackmydegree/trackmydegree/internal/budget"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/respond"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/problem"
)

// streamEvents streams the states of a job as server-sent events: one for each change, the present state first, each
// with its version as id. The stream ends after done or failed. A client that reconnects with Last-Event-ID receives
// only newer states.
func (a *API) streamEvents(w http.ResponseWriter, r *http.Request) error {
	id, err := pathJobID(r)
	if err != nil {
		return err
	}
	record, err := a.loadOwned(r, id)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // nginx would buffer events
	if r.Method == http.MethodHead {
		h.Set("Content-Type", "text/event-stream")
		return nil
	}
	session, err := sse.Upgrade(w, r)
	if err != nil {
		return err
	}
	seen := lastEventVersion(session)
	if record.State.IsFinal() && record.Version == seen {
		// Nothing will follow: 204 makes a browser's EventSource stop reconnecting.
		return respond.WriteNoContent(w)
	}

	if !a.streams.addStream(record.Owner) {
		return fault.WithDetail(fault.TooManyRequests, "Too many event streams are open. Close some, or poll the status instead.")
	}
	defer a.streams.removeStream(record.Owner)
	changes, err := a.jobs.WatchRecord(r.Context(), id)
	if fault.CodeOf(err) == fault.JobNotFound {
		// Redis lost the record and repair will restore it: the client receives the present state and reconnects.
		changes, err = watchOnce(record), nil
	}
	if err != nil {
		return err
	}
	a.streamGauge.Inc()
	defer a.streamGauge.Dec()
	s := stream{session: session, conn: http.NewResponseController(w)}
	// The head is sent at once, with the reconnection time.
	if err := s.sendMessage(&sse.Message{Retry: budget.EventReconnect}); err != nil {
		return nil // the client left
	}
	return a.forwardChanges(r, id, s, changes, seen)
}

// lastEventVersion is the version that a client saw last, -1 for none.
func lastEventVersion(session *sse.Session) int64 {
	if session.LastEventID.IsSet() {
		if n, err := strconv.ParseInt(session.LastEventID.String(), 10, 64); err == nil {
			return n
		}
	}
	return -1
}

// forwardChanges sends each change of a job that is newer than the version seen, until the job ends, the client leaves
// or the process stops.
func (a *API) forwardChanges(r *http.Request, id job.ID, s stream, changes <-chan job.Record, seen int64) error {
	quiet := time.NewTicker(a.eventHeartbeat)
	defer quiet.Stop()
	var present jobStatus // as the client has it
	for {
		var message *sse.Message
		last := false
		select {
		case record, open := <-changes:
			switch {
			case !open:
				if _, err := a.loadOwned(r, id); fault.CodeOf(err) != fault.JobNotFound {
					return nil // the process stops, or the job is being restored: the client reconnects
				}
				message, last = deletedMessage(), true // or expired
			case record.Version <= seen && !record.State.IsFinal():
				continue
			default:
				var err error
				present = a.toStatus(r.Context(), record)
				if message, err = statusMessage(present); err != nil {
					return err
				}
				seen, last = record.Version, record.State.IsFinal()
			}
			quiet.Reset(a.eventHeartbeat)
		case <-quiet.C:
			var err error
			if message, err = a.quietMessage(r.Context(), &present); err != nil {
				return err
			}
		case <-a.stopping:
			return nil
		case <-r.Context().Done():
			return nil
		}
		if err := s.sendMessage(message); err != nil || last {
			return nil // the client left, or nothing follows
		}
	}
}

// quietMessage is a comment that keeps the connection open, or the state again when it waits for the start of a worker
// and did not before, or no longer does: that changes no record.
func (a *API) quietMessage(ctx context.Context, present *jobStatus) (*sse.Message, error) {
	start := a.estimateStart(ctx, present.Status)
	if (start > 0) != (present.WorkerStartSeconds > 0) {
		present.WorkerStartSeconds = start
		return statusMessage(*present)
	}
	message := &sse.Message{}
	message.AppendComment("still here")
	return message, nil
}

// watchOnce is a watch that ends after one record.
func watchOnce(r job.Record) <-chan job.Record {
	c := make(chan job.Record, 1)
	c <- r
	close(c)
	return c
}

func statusMessage(s jobStatus) (*sse.Message, error) {
	data, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	m := &sse.Message{ID: sse.ID(strconv.FormatInt(s.Version, 10))}
	m.AppendData(string(data))
	return m, nil
}

// deletedMessage is the last event of a job that no longer exists.
func deletedMessage() *sse.Message {
	m := &sse.Message{Type: sse.Type("gone")}
	data, _ := json.Marshal(problem.FromError(fault.New(fault.JobNotFound))) // strings and integers always marshal
	m.AppendData(string(data))
	return m
}
