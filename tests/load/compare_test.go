//go:build load

package load

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/apiclient"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/redisurl"
)

var (
	compareWith   = flag.String("compare", "", "path of another build of tmd, which TestCompare measures in turn with this one")
	compareQuiet  = flag.Bool("instrumentation", false, "TestCompare measures this build without and with its instrumentation")
	compareRounds = flag.Int("rounds", 5, "rounds of TestCompare")
)

// figure is what one round measures. The two yardsticks show what the machine did meanwhile.
type figure struct {
	name       string
	unit       string
	moreIsGood bool
	yardstick  bool
	// noisy marks a figure that depends on how cores are shared: a difference is printed and fails nothing.
	noisy bool
}

var figures = []figure{
	{name: "upload to result, one at a time, p50", unit: "ms"},
	{name: "uploads/s, 16 at a time, no worker", moreIsGood: true},
	{name: "jobs/s of the backlog, one worker", moreIsGood: true},
	{name: "CPU of a job, all processes but the stores", unit: "ms"},
	{name: "CPU of a job, API", unit: "ms", noisy: true},
	{name: "CPU of a job, worker", unit: "ms", noisy: true},
	{name: "CPU of a job, parser and its children", unit: "ms", noisy: true},
	{name: "status p99 during the backlog", unit: "ms", noisy: true},
	{name: "Redis commands/s, all roles idle"},
	{name: "memory of a parser's child after the backlog", unit: "MiB"},
	{name: "lateness of a 5 ms timer during the backlog, p99", unit: "ms", yardstick: true},
	{name: "pdftotext -bbox of the same document, p50", unit: "ms", yardstick: true},
}

// tolerance is the difference of medians below which a figure is not worse, whatever the ranges say.
const tolerance = 1.05

// TestCompare measures another build and this one in turn, each round with servers and folders of its own. A figure is
// worse if every round of this build is worse than every round of the other, and the medians differ by more than the
// tolerance. The variation of the other build is not counted.
func TestCompare(t *testing.T) {
	otherTMD, thisTMD := *compareWith, builtTMD()
	switch {
	case *compareQuiet:
		otherTMD, thisTMD = quietBuild(t), instrumentedBuild(t)
	case otherTMD == "":
		t.Skip("no other build is named; make bench COMPARE=<revision> builds one")
	}
	other, this := make([][]float64, len(figures)), make([][]float64, len(figures))
	for round := range *compareRounds {
		sides := []struct {
			name, tmd string
			samples   [][]float64
		}{{"the other", otherTMD, other}, {"this", thisTMD, this}}
		// Each build goes first in every second round.
		if round%2 == 1 {
			slices.Reverse(sides)
		}
		for _, side := range sides {
			// A subtest stops the servers of a round before the next one starts.
			t.Run(fmt.Sprintf("round %d, %s", round+1, side.name), func(t *testing.T) {
				for i, v := range measureBuild(t, side.tmd) {
					side.samples[i] = append(side.samples[i], v)
				}
			})
		}
	}
	if t.Failed() {
		return
	}
	t.Logf("| figure | other | this | this ÷ other |")
	t.Logf("| --- | --- | --- | --- |")
	for i, f := range figures {
		ratio := medianOf(this[i]) / medianOf(other[i])
		t.Logf("| %s | %s | %s | %.2f |", f.name, formatRange(other[i], f.unit), formatRange(this[i], f.unit), ratio)
		if !f.yardstick && !f.noisy && isWorse(f, other[i], this[i]) {
			t.Errorf("%s: this ÷ other: got %.2f, every round worse than every round of the other build", f.name, ratio)
		}
	}
}

// isWorse reports whether all samples of this build are worse than all of the other, by more than the tolerance. Fewer
// than three samples show nothing.
func isWorse(f figure, other, this []float64) bool {
	if len(this) < 3 {
		return false
	}
	if f.moreIsGood {
		return slices.Max(this) < slices.Min(other) && medianOf(this)*tolerance < medianOf(other)
	}
	return slices.Min(this) > slices.Max(other) && medianOf(this) > medianOf(other)*tolerance
}

func medianOf(samples []float64) float64 {
	s := slices.Sorted(slices.Values(samples))
	return (s[(len(s)-1)/2] + s[len(s)/2]) / 2
}

func formatRange(samples []float64, unit string) string {
	return fmt.Sprintf("%.1f %s (%.1f–%.1f)", medianOf(samples), unit, slices.Min(samples), slices.Max(samples))
}

// measureBuild returns one value for each of the figures: uploads before a worker runs, their processing during status
// requests, single uploads, and rest.
func measureBuild(t *testing.T, tmd string) []float64 {
	const warmUp, backlog, single = 20, 320, 60
	s := startWithoutWorker(t, tmd)
	form := apiclient.NewDocumentForm(readTranscript(t))
	ids := make([]job.ID, backlog)
	began := time.Now()
	runConcurrently(t, backlog, 16, func(i int) (err error) {
		ids[i], err = s.upload(t.Context(), form)
		return err
	})
	uploadRate := backlog / time.Since(began).Seconds()

	s.startWorker(t)
	s.waitForJobs(t, ids[:warmUp])
	stop, polled := make(chan struct{}), make(chan polls, 1)
	go func() { polled <- s.pollStatus(t, ids[0], stop) }()
	roles := []*role{s.api, s.worker, s.parser}
	cpu, began := cpuOfEach(t, roles), time.Now()
	s.waitForJobs(t, ids[warmUp:])
	took := time.Since(began)
	var shares []float64 // of a job, one for each role
	for i, used := range cpuOfEach(t, roles) {
		shares = append(shares, milliseconds(used-cpu[i])/(backlog-warmUp))
	}
	close(stop)
	status := <-polled
	childMemory := s.childMemory(t)

	times := runConcurrently(t, single, 1, func(int) error { return s.runPath(t.Context(), form) })
	return []float64{
		milliseconds(percentileOf(times, 0.5)), uploadRate, (backlog - warmUp) / took.Seconds(),
		shares[0] + shares[1] + shares[2], shares[0], shares[1], shares[2], milliseconds(percentileOf(status.answers, 0.99)), s.idleCommandRate(t), childMemory,
		milliseconds(percentileOf(status.late, 0.99)), milliseconds(timePDFToText(t)),
	}
}

func cpuOfEach(t *testing.T, roles []*role) []time.Duration {
	t.Helper()
	used := make([]time.Duration, len(roles))
	for i, r := range roles {
		used[i] = cpuOf(t, r)
	}
	return used
}

func (s *system) waitForJobs(t *testing.T, ids []job.ID) {
	t.Helper()
	for _, id := range ids {
		if err := s.waitUntilDone(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
}

// childMemory returns the resident memory of the parser's largest child, in MiB.
func (s *system) childMemory(t *testing.T) float64 {
	t.Helper()
	var most int64
	for _, pid := range childrenOf(s.parser.Pid()) {
		u, err := usageOf(pid)
		if err != nil {
			t.Fatal(err)
		}
		most = max(most, u.rss)
	}
	return float64(most) / (1 << 20)
}

// idleCommandRate returns the commands a second that Redis receives while it has no requests.
func (s *system) idleCommandRate(t *testing.T) float64 {
	t.Helper()
	const window = 5 * time.Second
	client, err := redisurl.Open(s.redis.URL(1))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	count := func() float64 {
		info, err := client.InfoMap(t.Context(), "stats").Result()
		if err != nil {
			t.Fatal(err)
		}
		n, err := strconv.ParseFloat(info["Stats"]["total_commands_processed"], 64)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	before := count()
	<-time.After(window)
	return (count() - before) / window.Seconds()
}

// timePDFToText returns the median time in which poppler reads the words of the document, the yardstick of the machine.
func timePDFToText(t *testing.T) time.Duration {
	t.Helper()
	path := filepath.Join(t.TempDir(), "document.pdf")
	if err := os.WriteFile(path, readTranscript(t), 0o600); err != nil {
		t.Fatal(err)
	}
	times := runConcurrently(t, 15, 1, func(int) error {
		return exec.Command("pdftotext", "-bbox", path, filepath.Join(filepath.Dir(path), "words.html")).Run()
	})
	return percentileOf(times, 0.5)
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
