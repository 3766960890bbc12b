package parsepool

import (
	"bytes"
	"regexp"
	"strings"
	"sync"
)

// maxStderr is the number of bytes of a child's standard error that are kept, the newest. A crash report of the Go
// runtime, 12 to 17 KiB from inside PDFium, fits with its first line.
const maxStderr = 64 << 10

// tail keeps the end of what is written to it.
type tail struct {
	mu    sync.Mutex
	kept  []byte
	total int64
}

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := len(b)
	t.total += int64(n)
	if len(b) > maxStderr {
		b = b[len(b)-maxStderr:]
	}
	if over := len(t.kept) + len(b) - maxStderr; over > 0 {
		t.kept = append(t.kept[:0], t.kept[over:]...)
	}
	t.kept = append(t.kept, b...)
	return n, nil
}

func (t *tail) crashReport() crash {
	t.mu.Lock()
	defer t.mu.Unlock()
	return diagnoseCrash(t.kept, t.total)
}

// maxLine bounds the first line of standard error in a log.
const maxLine = 500

// firstLine returns the first line of standard error. It may be logged only for a child that has received no document,
// because it could quote one.
func (t *tail) firstLine() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	line, _, _ := strings.Cut(strings.TrimSpace(string(t.kept)), "\n")
	return strings.ToValidUTF8(line[:min(len(line), maxLine)], "")
}

// crash is what a log may contain about a child's standard error. The text itself may quote the document, so only
// known phrases and positions in source files are taken from it.
type crash struct {
	kind  string
	at    []string
	bytes int64
}

const outOfMemory = "out of memory"

// phrases are the first lines of crash reports of the Go runtime, the more specific first.
var phrases = []struct{ text, kind string }{
	{"runtime: out of memory", outOfMemory},
	{"fatal error: runtime: out of memory", outOfMemory},
	{"cannot allocate memory", outOfMemory},
	{"goroutine stack exceeds", "stack overflow"},
	{"fatal error: stack overflow", "stack overflow"},
	{"runtime: failed to create new OS thread", outOfMemory},
	{"pthread_create failed", outOfMemory},
	{"address space collisions", outOfMemory}, // the same in a build with the race detector
	{"SIGSEGV", "segmentation fault"},
	{"SIGBUS", "bus error"},
	{"SIGILL", "illegal instruction"},
	{"fatal error: all goroutines are asleep", "deadlock"},
	{"panic: ", "panic"},
	{"fatal error: ", "fatal error"},
}

// place matches a line of a stack trace: folder, file and line, without the path before them.
var place = regexp.MustCompile(`(?m)^\t(?:[^\s:]*/)?([\w.@-]+/[\w.-]+\.go:\d+)`)

// maxPlaces is how many frames of a stack are reported, the runtime's own left out.
const maxPlaces = 6

func diagnoseCrash(stderr []byte, total int64) crash {
	c := crash{bytes: total}
	for _, p := range phrases {
		if bytes.Contains(stderr, []byte(p.text)) {
			c.kind = p.kind
			break
		}
	}
	for _, m := range place.FindAllSubmatch(stderr, -1) {
		if bytes.HasPrefix(m[1], []byte("runtime/")) {
			continue
		}
		if c.at = append(c.at, string(m[1])); len(c.at) == maxPlaces {
			break
		}
	}
	return c
}
