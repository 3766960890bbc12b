//go:build load

package load

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/trackmydegree/trackmydegree/internal/apiclient"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
)

const (
	students = 200
	edits    = 10 // of each student
	// A student looks at the plan between two edits, for a time between these: 67 edits a second of all.
	shortestLook, longestLook = 2 * time.Second, 4 * time.Second
)

// session is what one student does, with the times of its parts.
type session struct {
	*client
	ready time.Duration // from the upload to the end of the events
	edits []time.Duration
	saved time.Duration
}

// newStudent returns the session of a student with an account of her own.
func newStudent(t *testing.T, base string, n int) *session {
	t.Helper()
	claims := jwt.MapClaims{"sub": fmt.Sprintf("student-%d", n), "exp": time.Now().Add(time.Hour).Unix()}
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString([]byte(jwtSecret))
	if err != nil {
		t.Fatal(err)
	}
	return &session{client: newClient(base, token)}
}

// run uploads the document, waits on the events of its job, edits the plan and saves it.
func (s *session) run(ctx context.Context, form apiclient.Form) error {
	began := time.Now()
	id, err := s.upload(ctx, form)
	if err != nil {
		return err
	}
	if err := s.waitUntilDone(ctx, id); err != nil {
		return err
	}
	s.ready = time.Since(began)
	status, err := s.LoadStatus(ctx, id, false)
	if err != nil {
		return err
	}
	version := status.Version
	for i := range edits {
		time.Sleep(shortestLook + rand.N(longestLook-shortestLook)) //nolint:forbidigo // a student who looks at the plan
		began := time.Now()
		edited, err := s.EditResult(ctx, id, version, nextEdit(i))
		if err != nil {
			return fmt.Errorf("edit %d: %w", i, err)
		}
		s.edits = append(s.edits, time.Since(began))
		version = edited.Version
	}
	began = time.Now()
	err = s.save(ctx, id)
	s.saved = time.Since(began)
	return err
}

// nextEdit plans a course, moves it from term to term, and takes it out at the end.
func nextEdit(i int) timeline.Patch {
	const course = "SOEN 490"
	label := func(i int) string { return fmt.Sprintf("FALL %d", 2040+i) }
	switch i {
	case 0:
		return timeline.Patch{Changes: []timeline.Change{{Op: timeline.AddTerm, Term: label(0)}, {Op: timeline.PlaceCourse, Course: course, Term: label(0)}}}
	case edits - 1:
		return timeline.Patch{Changes: []timeline.Change{{Op: timeline.RemoveCourse, Course: course, Term: label(i - 1)}}}
	}
	return timeline.Patch{Changes: []timeline.Change{
		{Op: timeline.AddTerm, Term: label(i)}, {Op: timeline.MoveCourse, Course: course, From: label(i - 1), To: label(i)},
	}}
}

func (s *session) save(ctx context.Context, id job.ID) error {
	body, err := json.Marshal(map[string]any{"jobId": id, "timelineName": "Plan A"})
	if err != nil {
		return err
	}
	answer, err := s.Send(ctx, apiclient.Request{Method: http.MethodPost, Path: "/api/timelines", ContentType: "application/json", Body: body})
	if err == nil && answer.StatusCode != http.StatusCreated {
		err = fmt.Errorf("save: got %d, want 201", answer.StatusCode)
	}
	return err
}

// 200 students at once: each uploads, waits on the events, edits ten times and saves.
func TestLoadStudents(t *testing.T) {
	s := startSystem(t)
	form := apiclient.NewDocumentForm(readTranscript(t))
	sessions := make([]*session, students)
	var wg sync.WaitGroup
	began := time.Now()
	for n := range sessions {
		sessions[n] = newStudent(t, s.api.base, n)
		wg.Go(func() {
			if err := sessions[n].run(t.Context(), form); err != nil {
				t.Errorf("student %d: %v", n, err)
			}
		})
	}
	wg.Wait()
	took := time.Since(began)
	var ready, edited, saved []time.Duration
	for _, one := range sessions {
		ready, saved = append(ready, one.ready), append(saved, one.saved)
		edited = append(edited, one.edits...)
	}
	reportFigure(t, "200 students at once: upload to the end of the events, p95", percentileOf(ready, 0.95), "")
	reportFigure(t, "200 students at once: an edit, p50", percentileOf(edited, 0.5), "")
	reportFigure(t, "200 students at once: an edit, p95", percentileOf(edited, 0.95), "150 ms")
	reportFigure(t, "200 students at once: a save, p95", percentileOf(saved, 0.95), "")
	reportFigure(t, "200 students at once: edits", len(edited), fmt.Sprint(students*edits))
	reportFigure(t, "200 students at once: CPU of the API a second", fmt.Sprintf("%.2f", cpuOf(t, s.api).Seconds()/took.Seconds()), "")
}
