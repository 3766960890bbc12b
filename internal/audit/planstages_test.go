package audit_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/audit"
	"github.com/trackmydegree/trackmydegree/internal/cataloguetest"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/term"
)

// stage is a record at some point of a degree, and its student's request.
type stage struct {
	degree  string
	program *audit.Program
	record  audit.Record
	request audit.PlanRequest
}

// drawStages draws records of every degree, from the first term to the last: a plan of which some terms are passed,
// with a few courses failed, below C-, or dropped.
func drawStages(tb testing.TB, n int) []stage {
	tb.Helper()
	r := rand.New(rand.NewPCG(11, 12))
	degrees := cataloguetest.Embedded().StandaloneDegrees()
	var out []stage
	for i := 0; len(out) < n; i++ {
		d := degrees[i%len(degrees)]
		p := programOf(tb, d.ID)
		if i/len(degrees)%5 == 4 {
			p = programOf(tb, d.ID, "ecp")
		}
		whole, err := p.Plan(context.Background(), audit.Record{Current: parseTerm("Summer 2024")}, audit.PlanRequest{
			From: "Fall 2024", MaxCredits: audit.Quarters(float64(12 + r.IntN(7))), Summers: r.IntN(3) == 0,
		})
		if err != nil {
			tb.Fatalf("%s: %v", d.ID, err)
		}
		passed := r.IntN(len(whole.Terms))
		current := parseTerm("Fall 2024")
		if passed > 0 {
			current = parseTerm(whole.Terms[passed-1].Term)
		}
		record := audit.Record{Current: current}
		for _, a := range whole.Attempts {
			if a.IsPlaceholder || term.Compare(a.Term, current) > 0 {
				continue
			}
			a.Status = audit.Completed
			switch r.IntN(20) {
			case 0:
				a.Status = audit.Incomplete
			case 1:
				a.BelowCMinus = true
			case 2:
				continue
			}
			record.Attempts = append(record.Attempts, a)
		}
		out = append(out, stage{degree: d.ID, program: p, record: record, request: audit.PlanRequest{
			MaxCredits: audit.Quarters([]float64{0, 0, 0, 12, 16, 18, 19}[r.IntN(7)]), Summers: r.IntN(4) == 0,
		}})
	}
	return out
}

// Of 510 plans of records at every stage at least 95 of 100 are proven to need the fewest terms. Every plan follows
// the rules in its own terms.
func TestPlansOfEveryStage(t *testing.T) {
	t.Parallel()
	// The share holds for the whole number. In a sixth of it one plan is more than a percent.
	n, share := 510, 95
	if testing.Short() {
		n, share = 85, 90
	}
	proven := 0
	for _, s := range drawStages(t, n) {
		got, err := s.program.Plan(context.Background(), s.record, s.request)
		if err != nil {
			t.Errorf("%s after %d courses: %v %+v", s.degree, len(s.record.Attempts), err, fault.From(err).Fields)
			continue
		}
		if got.Optimal {
			proven++
		}
		if got.Bound > got.Length || got.Audit.Totals.Remaining != 0 {
			t.Errorf("%s: got %d terms, bound %d, %s credits left", s.degree, got.Length, got.Bound, got.Audit.Totals.Remaining)
		}
		for _, remark := range got.Audit.Remarks {
			if at, _ := term.Parse(remark.Term); remark.Level == audit.Error && term.Compare(at, s.record.Current) > 0 {
				t.Errorf("%s: the plan breaks a rule: %s %s %s", s.degree, remark.Code, remark.Term, remark.Message)
			}
		}
	}
	if proven*100 < n*share {
		t.Errorf("got %d of %d plans proven, want %d of 100", proven, n, share)
	}
	t.Logf("%d of %d plans are proven to need the fewest terms", proven, n)
}

// readUsage returns the processor time that this process has used, and the largest part of the memory that it has held.
func readUsage(tb testing.TB) (busy time.Duration, peakKiB int64) {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), u.Maxrss
}

// BenchmarkPlanStages reports the 95th percentile of the plans and the slowest of all, in processor time, so that other
// work on the machine does not count; the share that is proven; and the peak memory of the process.
func BenchmarkPlanStages(b *testing.B) {
	stages := drawStages(b, 510)
	var took []time.Duration
	proven := 0
	b.ReportAllocs()
	for b.Loop() {
		took, proven = took[:0], 0
		for _, s := range stages {
			begin, _ := readUsage(b)
			got, err := s.program.Plan(context.Background(), s.record, s.request)
			if err != nil {
				b.Fatal(err)
			}
			end, _ := readUsage(b)
			took = append(took, end-begin)
			if got.Optimal {
				proven++
			}
		}
	}
	slices.Sort(took)
	_, peak := readUsage(b)
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-cpu-µs/plan")
	b.ReportMetric(float64(took[len(took)*95/100].Microseconds()), "p95-cpu-µs/plan")
	b.ReportMetric(float64(took[len(took)-1].Microseconds()), "max-cpu-µs/plan")
	b.ReportMetric(100*float64(proven)/float64(len(stages)), "%-proven")
	b.ReportMetric(float64(peak)/1024, "MiB-peak")
}

// BenchmarkAuditStages reports the audit of the same records.
func BenchmarkAuditStages(b *testing.B) {
	stages := drawStages(b, 510)
	var took []time.Duration
	slowest := map[string]time.Duration{}
	b.ReportAllocs()
	for b.Loop() {
		took = took[:0]
		for _, s := range stages {
			begin := time.Now()
			s.program.Audit(s.record)
			d := time.Since(begin)
			took = append(took, d)
			slowest[s.degree] = max(slowest[s.degree], d)
		}
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs/audit")
	b.ReportMetric(float64(took[len(took)*95/100].Microseconds()), "p95-µs/audit")
	b.ReportMetric(float64(took[len(took)-1].Microseconds()), "max-µs/audit")
	if testing.Verbose() {
		b.Log(slowest)
	}
}

// BenchmarkCompareDegrees measures one record against every degree.
func BenchmarkCompareDegrees(b *testing.B) {
	var programs []*audit.Program
	for _, d := range cataloguetest.Embedded().StandaloneDegrees() {
		programs = append(programs, programOf(b, d.ID))
	}
	record := audit.Record{Current: parseTerm("Fall 2026"), Attempts: readAttempts(softwareRecord)}
	b.ReportAllocs()
	for b.Loop() {
		audit.CompareDegrees(context.Background(), programs, record)
	}
	b.ReportMetric(float64(len(programs)), "degrees")
}
