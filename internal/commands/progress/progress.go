// Package progress shows how far several uploads are: as a bar on a terminal, as lines elsewhere.
package progress

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/trackmydegree/trackmydegree/internal/apiclient"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/program"
)

// Display shows the progress of uploads. It is safe for concurrent use.
type Display interface {
	// ShowSent shows how many bytes of a file have been sent so far.
	ShowSent(file string, n int)
	// ShowStatus shows the status of a file's job.
	ShowStatus(file string, s apiclient.JobStatus)
	// ShowEnd marks a file as finished, whatever its outcome.
	ShowEnd(file string)
	// Finish removes a bar.
	Finish()
}

// NewDisplay returns the display for w. sizes holds the size of each file in bytes.
func NewDisplay(w io.Writer, sizes map[string]int) Display {
	if program.IsTerminal(w) {
		return newBar(w, sizes)
	}
	return &lines{w: w, last: map[string]string{}}
}

// lines writes one line for each change, for logs and pipes.
type lines struct {
	mu   sync.Mutex
	w    io.Writer
	last map[string]string // the last line of each file
}

// ShowSent implements Display.
func (l *lines) ShowSent(string, int) {}

// ShowStatus implements Display.
func (l *lines) ShowStatus(file string, s apiclient.JobStatus) {
	l.mu.Lock()
	defer l.mu.Unlock()
	line := describeStatus(s)
	if l.last[file] == line {
		return
	}
	l.last[file] = line
	fmt.Fprintln(l.w, file+": "+line)
}

// describeStatus returns the state, and what it waits for.
func describeStatus(s apiclient.JobStatus) string {
	switch {
	case s.Status == job.Retrying && s.Error != nil:
		return string(s.Status) + ", " + s.Error.Message
	case s.Status == job.Queued && s.WorkerStartSeconds > 0:
		return fmt.Sprintf("%s, a worker is starting, which usually takes %d s", s.Status, s.WorkerStartSeconds)
	}
	return string(s.Status)
}

// ShowEnd implements Display.
func (l *lines) ShowEnd(string) {}

// Finish implements Display.
func (l *lines) Finish() {}

// bar is one bar for all files. A file counts twice its size: once while it is sent, once while its job runs.
type bar struct {
	mu    sync.Mutex
	bar   *progressbar.ProgressBar
	files map[string]*fileProgress
	done  int
}

type fileProgress struct {
	size, shown int
	state       string
	ended       bool
}

func newBar(w io.Writer, sizes map[string]int) *bar {
	b := &bar{files: map[string]*fileProgress{}}
	total := 0
	for file, size := range sizes {
		b.files[file] = &fileProgress{size: size}
		total += 2 * size
	}
	b.bar = progressbar.NewOptions(max(total, 1),
		progressbar.OptionSetWriter(w), progressbar.OptionSetWidth(30), progressbar.OptionThrottle(50*time.Millisecond),
		progressbar.OptionSetPredictTime(false), progressbar.OptionClearOnFinish(), progressbar.OptionSetDescription("uploading"))
	return b
}

// stateShares are the shares of the states in the second half of a file.
var stateShares = map[job.State]float64{job.Queued: 0.1, job.Processing: 0.5, job.Retrying: 0.3, job.Done: 1, job.Failed: 1}

// ShowSent implements Display.
func (b *bar) ShowSent(file string, n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	f := b.files[file]
	b.moveTo(f, min(n, f.size)) // the form around the file does not count
}

// ShowStatus implements Display.
func (b *bar) ShowStatus(file string, s apiclient.JobStatus) {
	b.mu.Lock()
	defer b.mu.Unlock()
	f := b.files[file]
	f.state = describeStatus(s)
	b.moveTo(f, f.size+int(stateShares[s.Status]*float64(f.size)))
}

// ShowEnd implements Display.
func (b *bar) ShowEnd(file string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	f := b.files[file]
	if !f.ended {
		f.ended = true
		b.done++
	}
	b.moveTo(f, 2*f.size)
}

// moveTo moves the bar by the progress of a file. A file that is sent again moves it back.
func (b *bar) moveTo(f *fileProgress, at int) {
	b.bar.Describe(b.describeState())
	_ = b.bar.Add(at - f.shown) // a closed terminal does not stop the uploads
	f.shown = at
}

func (b *bar) describeState() string {
	if len(b.files) > 1 {
		return fmt.Sprintf("%d of %d done", b.done, len(b.files))
	}
	for _, f := range b.files {
		if f.state != "" {
			return f.state
		}
	}
	return "uploading"
}

// Finish implements Display.
func (b *bar) Finish() {
	b.mu.Lock()
	defer b.mu.Unlock()
	_ = b.bar.Finish()
}
