package job_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/job"
)

// move finds an event in the table.
func move(from job.State, e job.Event, by job.Actor) (job.State, bool) {
	for _, m := range job.LifeTable() {
		if m.From == from && m.Event == e && m.By == by {
			return m.To, true
		}
	}
	return from, false
}

// State, event and actor identify a row; an event that counts ends an attempt.
func TestTheTableOfAJobsLife(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, m := range job.LifeTable() {
		row := fmt.Sprint(m.From, m.Event, m.By)
		if seen[row] {
			t.Errorf("%+v is there twice", m)
		}
		seen[row] = true
		if m.Counts && (m.From != job.Processing || m.By != job.Worker) {
			t.Errorf("%+v counts without an attempt", m)
		}
		if m.From.IsFinal() && m.To != m.From && m.To != job.None {
			t.Errorf("%+v: the end is not the end", m)
		}
	}
	for _, from := range job.AllStates() {
		for _, e := range []job.Event{job.Delete, job.Expire} {
			if to, ok := move(from, e, map[job.Event]job.Actor{job.Delete: job.API, job.Expire: job.Redis}[e]); !ok || to != job.None {
				t.Errorf("%s does not %s", from, e)
			}
		}
	}
}

// docs/reliability.md has the same table.
func TestThePageHasTheTable(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/reliability.md")
	if err != nil {
		t.Fatal(err)
	}
	state := func(s job.State) string {
		if s == job.None {
			return "–"
		}
		return "`" + string(s) + "`"
	}
	rows := map[string]bool{}
	for _, m := range job.LifeTable() {
		from, counts := state(m.From), ""
		if m.Event == job.Delete || m.Event == job.Expire {
			from = "any"
		}
		if m.Counts {
			counts = "yes "
		}
		rows[fmt.Sprintf("| %s | %s | %s | %s | %s|\n", from, m.Event, state(m.To), m.By, counts)] = true
	}
	for row := range rows {
		if !strings.Contains(string(page), row) {
			t.Errorf("docs/reliability.md lacks %s", row)
		}
	}
	begin := strings.Index(string(page), "| from | event |")
	table, _, _ := strings.Cut(string(page)[begin:], "\n\n")
	if n := strings.Count(table, "\n") - 1; n != len(rows) {
		t.Errorf("docs/reliability.md has %d rows, the table %d", n, len(rows))
	}
}
