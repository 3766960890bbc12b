package commands

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/trackmydegree/trackmydegree/internal/job"
)

// progress shows how far several uploads are. Its methods are called from several goroutines.
type progress interface {
	// uploaded tells how many bytes of a file have gone out so far.
	uploaded(file string, n int)
	// changed tells the state that a file's job has come to.
	changed(file string, s status)
	// ended tells that nothing more comes of a file.
	ended(file string)
	close()
}

func newProgress(w io.Writer, sizes map[string]int) progress {
	if terminal(w) {
		return newBar(w, sizes)
	}
	return &lines{w: w, last: map[string]job.State{}}
}

// lines is for logs and pipes: one line for each change of state.
type lines struct {
	mu   sync.Mutex
	w    io.Writer
	last map[string]job.State
}

func (l *lines) uploaded(string, int) {}

func (l *lines) changed(file string, s status) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.last[file] == s.Status {
		return
	}
	l.last[file] = s.Status
	line := file + ": " + string(s.Status)
	if s.Status == job.Retrying && s.Error != nil {
		line += ", " + s.Error.Message
	}
	fmt.Fprintln(l.w, line)
}

func (l *lines) ended(string) {}
func (l *lines) close()       {}

// bar is one bar over all files. A file counts its size twice: once while it is sent, once while its job is run.
type bar struct {
	mu    sync.Mutex
	bar   *progressbar.ProgressBar
	files map[string]*fileProgress
	done  int
}

type fileProgress struct {
	size, shown int
	state       job.State
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

// shares of a file's second half that each state stands for.
var shares = map[job.State]float64{job.Queued: 0.1, job.Processing: 0.5, job.Retrying: 0.3, job.Done: 1, job.Failed: 1}

func (b *bar) uploaded(file string, n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	f := b.files[file]
	b.show(f, min(n, f.size)) // the form around the file counts for nothing
}

func (b *bar) changed(file string, s status) {
	b.mu.Lock()
	defer b.mu.Unlock()
	f := b.files[file]
	f.state = s.Status
	b.show(f, f.size+int(shares[s.Status]*float64(f.size)))
}

func (b *bar) ended(file string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	f := b.files[file]
	if !f.ended {
		f.ended = true
		b.done++
	}
	b.show(f, 2*f.size)
}

// show moves the bar by what a file moved; a file that is sent again moves it back.
func (b *bar) show(f *fileProgress, at int) {
	b.bar.Describe(b.describe())
	_ = b.bar.Add(at - f.shown) // a terminal that went away is no reason to stop
	f.shown = at
}

func (b *bar) describe() string {
	if len(b.files) > 1 {
		return fmt.Sprintf("%d of %d done", b.done, len(b.files))
	}
	for _, f := range b.files {
		if f.state != "" {
			return string(f.state)
		}
	}
	return "uploading"
}

func (b *bar) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	_ = b.bar.Finish()
}
