package httpapi

import (
	"encoding/json"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/tmaxmax/go-sse"

	"github.com/trackmydegree/trackmydegree/internal/budget"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/problem"
)

const (
	// heartbeat is how often a comment goes out on a quiet stream: proxies cut connections that are silent for a
	// minute, and a client that is gone shows in the write.
	heartbeat = budget.EventHeartbeat
	// maxStreams is how many streams one owner may have open in this process: a stream costs next to nothing, and yet
	// memory for as long as somebody keeps it.
	maxStreams = 100
	// reconnect is what a client is told to wait before it connects again.
	reconnect = budget.EventReconnect
)

// events streams a job's states as server-sent events: one a change, the present one first, each with the version as
// its id. The stream ends after done or failed. A client that comes back with Last-Event-ID is told what is new to it.
func (a *API) events(w http.ResponseWriter, r *http.Request) error {
	id, err := jobID(r)
	if err != nil {
		return err
	}
	record, err := a.own(r, id)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // nginx would hold events back
	if r.Method == http.MethodHead {
		h.Set("Content-Type", "text/event-stream")
		return nil
	}
	session, err := sse.Upgrade(w, r)
	if err != nil {
		return err
	}
	seen := int64(-1)
	if session.LastEventID.IsSet() {
		if n, err := strconv.ParseInt(session.LastEventID.String(), 10, 64); err == nil {
			seen = n
		}
	}
	if record.State.Final() && record.Version == seen {
		// Nothing will follow: 204 tells a browser's EventSource to stop asking.
		w.WriteHeader(http.StatusNoContent)
		return nil
	}

	if !a.streams.enter(record.Owner) {
		return fault.Detailed(fault.TooManyRequests, "Too many event streams are open. Close some, or ask for the status now and then instead.")
	}
	defer a.streams.leave(record.Owner)
	changes, err := a.jobs.WatchRecord(r.Context(), id)
	if fault.CodeOf(err) == fault.JobNotFound {
		// Lost by Redis, and about to be brought back: the client is told how it is and comes again.
		changes, err = once(record), nil
	}
	if err != nil {
		return err
	}
	a.metrics.streams.Inc()
	defer a.metrics.streams.Dec()
	stream := stream{session: session, conn: http.NewResponseController(w)}
	quiet := time.NewTicker(a.heartbeat)
	defer quiet.Stop()

	// The head goes out at once, with the time to wait before coming back.
	if err := stream.send(&sse.Message{Retry: reconnect}); err != nil {
		return nil // the client is gone
	}
	for {
		var message *sse.Message
		last := false
		select {
		case record, open := <-changes:
			switch {
			case !open:
				if _, err := a.own(r, id); fault.CodeOf(err) != fault.JobNotFound {
					return nil // the process stops, or the job is brought back: the client connects again
				}
				message, last = gone(), true // deleted, or expired
			case record.Version <= seen && !record.State.Final():
				continue
			default:
				if message, err = change(statusOf(record)); err != nil {
					return err
				}
				seen, last = record.Version, record.State.Final()
			}
			quiet.Reset(a.heartbeat)
		case <-quiet.C:
			message = &sse.Message{}
			message.AppendComment("still here")
		case <-a.stopping:
			return nil
		case <-r.Context().Done():
			return nil
		}
		if err := stream.send(message); err != nil || last {
			return nil // the client is gone
		}
	}
}

// once is a watch that ends after one record.
func once(r job.Record) <-chan job.Record {
	c := make(chan job.Record, 1)
	c <- r
	close(c)
	return c
}

// streams counts the open streams of each owner.
type streams struct {
	mu   sync.Mutex
	open map[string]int
}

func (s *streams) enter(owner string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open[owner] >= maxStreams {
		return false
	}
	s.open[owner]++
	return true
}

func (s *streams) leave(owner string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open[owner]--; s.open[owner] == 0 {
		delete(s.open, owner)
	}
}

// stream writes events, each with a deadline of its own: the whole may last as long as the job.
type stream struct {
	session *sse.Session
	conn    *http.ResponseController
}

func (s stream) send(m *sse.Message) error {
	_ = s.conn.SetWriteDeadline(time.Now().Add(writeTimeout))
	if err := s.session.Send(m); err != nil {
		return err
	}
	return s.session.Flush()
}

func change(s status) (*sse.Message, error) {
	data, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	m := &sse.Message{ID: sse.ID(strconv.FormatInt(s.Version, 10))}
	m.AppendData(string(data))
	return m, nil
}

// gone is the last event of a job that is no more.
func gone() *sse.Message {
	m := &sse.Message{Type: sse.Type("gone")}
	data, _ := json.Marshal(problem.Of(fault.New(fault.JobNotFound))) // strings and ints always marshal
	m.AppendData(string(data))
	return m
}
