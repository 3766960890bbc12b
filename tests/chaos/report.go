//go:build chaos

package chaos

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"
)

// report is a run and its outcome.
type report struct {
	Seed     uint64
	Length   time.Duration
	Faults   map[Kind]int
	Requests []string

	Calm     spread // upload to end in a calm system
	Ends     spread // and in this run
	Recovery spread // SIGKILL of a worker to the job running again
	Busy     spread // answers 503
	BusyLate int    // of those, later than 2 s
	Hung     int    // requests without an answer and without a fault on their way
	Settled  time.Duration
	Refused  int // starts that a full or read-only disk prevented

	outcome
	leftovers
	Roles []string // goroutines and memory at the begin and the end
	// Never lists what must never happen, besides the findings.
	Never []string
}

// hasFailed reports whether the run violated a guarantee.
func (r *report) hasFailed() bool {
	return r.Lost+r.Wrong+r.Doubled+r.outcome.Seen+r.Hung+len(r.Never) > 0 || !r.leftovers.isEmpty()
}

func (r *report) printTable(w io.Writer) {
	for _, line := range r.Requests {
		fmt.Fprintf(w, "  %s\n", line)
	}
	for _, list := range [][]string{r.Findings, r.Never} {
		for _, line := range list {
			fmt.Fprintf(w, "! %s\n", line)
		}
	}
	for _, line := range slices.Concat(r.Files, r.Tasks, r.Open) {
		fmt.Fprintf(w, "! left: %s\n", line)
	}
	var faults []string
	n := 0
	for _, k := range AllKinds() {
		if r.Faults[k] > 0 {
			faults = append(faults, fmt.Sprintf("%s %d", k, r.Faults[k]))
			n += r.Faults[k]
		}
	}
	fmt.Fprintf(w, "\n| what | seed %d, %v |\n| --- | --- |\n", r.Seed, r.Length)
	for _, row := range []struct {
		what  string
		value any
	}{
		{"faults", fmt.Sprintf("%d: %s", n, strings.Join(faults, ", "))},
		{"answered 202", r.Accepted},
		{"done, with the result of a calm system", r.Done},
		{"failed, with the code of the document", r.Failed},
		{"ended, and the result went with a wipe of Redis", fmt.Sprintf("%d, unseen by the client %d", r.Gone, r.GoneUnseen)},
		{"ended, ran again after a wipe", r.Back},
		{"forgotten in part by a killed Redis", r.Rolled},
		{"deleted by their owners", r.Deleted},
		{"quarantined: under three killed workers", r.Quarantined},
		{"**lost**", r.Lost},
		{"**another outcome than expected**", r.Wrong},
		{"**doubled**", r.Doubled},
		{"**shown to another owner**", r.outcome.Seen},
		{"**files left**", fmt.Sprintf("%d; uploads that were never completed: %d", len(r.Files), len(r.Drafts))},
		{"**tasks left** · **records without an end**", fmt.Sprintf("%d · %d", len(r.Tasks), len(r.Open))},
		{"**requests that hung**", r.Hung},
		{"**what must never be**", len(r.Never)},
		{"starts that were refused, on a disk that is read-only", r.Refused},
		{"calm again after", fmt.Sprintf("%.1f s", r.Settled.Seconds())},
		{"upload to end, calm", r.Calm},
		{"upload to end", r.Ends},
		{"SIGKILL of a worker to its job running again", r.Recovery},
		{"answers 503", fmt.Sprintf("%v, later than 2 s: %d", r.Busy, r.BusyLate)},
		{"goroutines · memory, before → after", strings.Join(r.Roles, "; ")},
	} {
		fmt.Fprintf(w, "| %s | %v |\n", row.what, row.value)
	}
}

func (r *report) saveJSON(file string) error {
	b, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(b, '\n'), 0o644)
}
