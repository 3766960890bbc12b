package httpapi_test

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/tmaxmax/go-sse"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/httpapi"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/resultcodec"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

// event is an event as a client receives it.
type event struct {
	id, name string
	status   jobStatus
}

// follow opens a stream and returns its events; the channel is closed with the stream.
func (s *system) follow(ctx context.Context, owner string, id job.ID, lastEventID string) <-chan event {
	s.t.Helper()
	r := s.request(request{method: http.MethodGet, path: "/api/timeline/status/" + string(id) + "/events", owner: owner}).WithContext(ctx)
	if lastEventID != "" {
		r.Header.Set("Last-Event-ID", lastEventID)
	}
	res, err := s.client.Do(r)
	must(s.t, err)
	if res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != "text/event-stream" || res.Header.Get("Cache-Control") != "no-store" {
		s.t.Fatalf("%s %v", res.Status, res.Header)
	}
	events := make(chan event, 100)
	go func() {
		defer close(events)
		defer res.Body.Close()
		for e, err := range sse.Read(res.Body, nil) {
			if err != nil {
				if ctx.Err() == nil {
					events <- event{name: "broken: " + err.Error()}
				}
				return
			}
			got := event{id: e.LastEventID, name: e.Type}
			if e.Type == "" || e.Type == "message" {
				if err := json.Unmarshal([]byte(e.Data), &got.status); err != nil {
					s.t.Errorf("%q: %v", e.Data, err)
				}
			}
			events <- got
		}
	}()
	return events
}

func TestEvents(t *testing.T) {
	t.Parallel()
	s := setup(t)
	id := s.accepted("ann")
	events := s.follow(t.Context(), "ann", id, "")
	var got []job.State
	next := func() event {
		t.Helper()
		e, ok := <-events
		if !ok {
			t.Fatalf("the stream ended after %v", got)
		}
		if e.id != strconv.FormatInt(e.status.Version, 10) || e.status.JobID != id {
			t.Errorf("%+v", e)
		}
		got = append(got, e.status.Status)
		return e
	}
	next()
	record, _, err := s.jobs.BeginAttempt(t.Context(), id, 1)
	must(t, err)
	next()
	why := job.Failure{Code: fault.ParserUnavailable, Message: "Documents cannot be read at the moment."}
	must(t, s.jobs.ScheduleRetry(t.Context(), id, record.Fence, why, now))
	if e := next(); e.status.Error == nil || e.status.Error.Code != why.Code {
		t.Errorf("%+v", e)
	}
	record, _, err = s.jobs.BeginAttempt(t.Context(), id, 2)
	must(t, err)
	seen := next()
	stored, err := resultcodec.EncodeResult(s.result())
	must(t, err)
	must(t, s.jobs.CompleteJob(t.Context(), id, record.Fence, stored))
	last := next()
	if last.status.Data != nil {
		t.Error("an event holds the result")
	}
	if e, open := <-events; open {
		t.Errorf("after the end: %+v", e)
	}
	want := []job.State{job.Queued, job.Processing, job.Retrying, job.Processing, job.Done}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}

	t.Run("come back in the middle", func(t *testing.T) {
		s := s.in(t)
		var states []job.State
		for e := range s.follow(t.Context(), "ann", id, seen.id) {
			states = append(states, e.status.Status)
		}
		if diff := cmp.Diff([]job.State{job.Done}, states); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("come back to the same state", func(t *testing.T) {
		s := s.in(t)
		id := s.accepted("ann")
		record, err := s.jobs.LoadRecord(t.Context(), id)
		must(t, err)
		events := s.follow(t.Context(), "ann", id, strconv.FormatInt(record.Version, 10))
		_, _, err = s.jobs.BeginAttempt(t.Context(), id, 1)
		must(t, err)
		if e := <-events; e.status.Status != job.Processing {
			t.Errorf("%+v", e)
		}
		must(t, s.jobs.DeleteJob(t.Context(), id))
	})
	t.Run("come back after the end", func(t *testing.T) {
		s.in(t).get("ann", "/api/timeline/status/"+string(id)+"/events", "Last-Event-ID", last.id).want(t, http.StatusNoContent)
	})
	t.Run("with an id that is none of ours", func(t *testing.T) {
		for range s.in(t).follow(t.Context(), "ann", id, "x-1") {
			return
		}
		t.Error("no event")
	})
}

func TestEventsOfADeletedJob(t *testing.T) {
	t.Parallel()
	s := setup(t)
	id := s.accepted("ann")
	events := s.follow(t.Context(), "ann", id, "")
	<-events
	s.do(request{method: http.MethodDelete, path: "/api/timeline/status/" + string(id), owner: "ann"}).want(t, http.StatusNoContent)
	if e := <-events; e.name != "gone" {
		t.Errorf("%+v", e)
	}
	if e, open := <-events; open {
		t.Errorf("after the end: %+v", e)
	}
}

// A client that disconnects is removed, and an open stream does not block the shutdown.
func TestStreamsEnd(t *testing.T) {
	t.Parallel()
	s := setup(t)
	id := s.accepted("ann")
	ctx, leave := context.WithCancel(t.Context())
	left := s.follow(ctx, "ann", id, "")
	stays := s.follow(t.Context(), "ann", id, "")
	<-left
	<-stays
	if n := s.metric("tmd_http_event_streams"); n != 2 {
		t.Errorf("%v streams", n)
	}
	leave()
	testenv.Eventually(t, "one stream", func() bool { return s.metric("tmd_http_event_streams") == 1 })
	s.stop()
	if e, open := <-stays; open {
		t.Errorf("the stream continued: %+v", e)
	}
	if n := s.metric("tmd_http_event_streams"); n != 0 {
		t.Errorf("%v streams", n)
	}
}

func TestStreamsOfOneOwnerAreCounted(t *testing.T) {
	t.Parallel()
	s := setup(t)
	id := s.accepted("ann")
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	var open []<-chan event
	for range 100 {
		open = append(open, s.follow(ctx, "ann", id, ""))
	}
	path := "/api/timeline/status/" + string(id) + "/events"
	s.get("ann", path).wantProblem(t, fault.TooManyRequests)
	theirs := s.follow(ctx, "bob", s.accepted("bob"), "")
	<-theirs
	leave()
	for _, events := range append(open, theirs) {
		for range events { // until the stream ends
		}
	}
	testenv.Eventually(t, "the streams have ended", func() bool { return s.metric("tmd_http_event_streams") == 0 })
	again, stop := context.WithCancel(t.Context())
	defer stop()
	<-s.follow(again, "ann", id, "")
}

// A quiet stream sends comments, for the proxies in between.
func TestQuietStreamsAreKeptOpen(t *testing.T) {
	t.Parallel()
	s := setup(t)
	s.api.SetHeartbeat(time.Millisecond)
	id := s.accepted("ann")
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	res, err := s.client.Do(s.request(request{method: http.MethodGet, path: "/api/timeline/status/" + string(id) + "/events", owner: "ann"}).WithContext(ctx))
	must(t, err)
	defer res.Body.Close()
	comments := 0
	for lines := bufio.NewScanner(res.Body); comments < 3 && lines.Scan(); {
		if strings.HasPrefix(lines.Text(), ":") {
			comments++
		}
	}
	if comments < 3 {
		t.Error("the stream ended")
	}
}

// The loss and the start of workers changes no record: the stream sends the state again at its next sign of life.
func TestEventsNameTheStartOfAWorker(t *testing.T) {
	t.Parallel()
	w := &workers{}
	s := setup(t, func(d *httpapi.Deps) { d.Workers = w })
	s.api.SetHeartbeat(20 * time.Millisecond)
	id := s.accepted("ann")
	events := s.follow(t.Context(), "ann", id, "")
	for _, want := range []int{0, 24, 0} {
		if want > 0 {
			w.start.Store(int64(24 * time.Second))
		}
		if got := <-events; got.status.WorkerStartSeconds != want || got.status.Status != job.Queued {
			t.Errorf("got %+v, want queued with %d s", got, want)
		}
		w.start.Store(0)
	}
}
