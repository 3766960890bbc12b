//go:build linux

package parsepool_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/parsepool"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

// The test binary runs itself again in these roles.
const (
	asChild  = "parse-child"  // reads "documents" that are orders
	asParent = "parse-parent" // a whole service with two children, for tests that kill it
	asBroken = "parse-broken" // ends before it is ready
	// asNoticing is asChild with a notice.
	asNoticing = "parse-noticing"
	asMute     = "parse-mute" // never becomes ready
)

func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case asChild:
			must(parsepool.Serve(os.Stdin, os.Stdout, "", obey))
			os.Exit(0)
		case asNoticing:
			must(parsepool.Serve(os.Stdin, os.Stdout, "the cache is read-only", obey))
			os.Exit(0)
		case asParent:
			must(parent())
			os.Exit(0)
		case asBroken:
			fmt.Fprintln(os.Stderr, "the cache folder is gone")
			os.Exit(3)
		case asMute:
			_, _ = io.Copy(io.Discard, os.Stdin)
			os.Exit(0)
		}
	}
	goleak.VerifyTestMain(m)
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// touchLimit is the memory limit of a child that is ordered to touch more.
const touchLimit = 256 << 20

var (
	sink [][]byte
	spun int
)

// obey follows the order in the document.
func obey(ctx context.Context, pdf []byte) (parsepool.Result, error) {
	doc, err := followOrder(ctx, pdf)
	return parsepool.Result{Document: doc, Reader: parsepool.ReaderPlain}, err
}

// followOrder reads what it reports about the process from inside.
func followOrder(_ context.Context, pdf []byte) (document.Document, error) {
	order, arg, _ := strings.Cut(string(pdf), " ")
	switch order {
	case "pid":
		return says(strconv.Itoa(os.Getpid())), nil
	case "size":
		return says(strconv.Itoa(len(pdf))), nil
	case "fault":
		return document.Document{}, fault.WithDetail(fault.Code(arg), "A sentence for people.")
	case "error":
		return document.Document{}, errors.New("student number " + arg)
	case "spin":
		for { // an endless document
			spun++
		}
	case "sleep":
		select {}
	case "panic":
		panic("student number " + arg)
	case "exit":
		os.Exit(7)
	case "kill":
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	case "once": // is killed the first time
		if err := os.Mkdir(arg, 0o700); err == nil {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
		return says("alive"), nil
	case "touch": // one and a half times its limit, page by page
		for range touchLimit * 3 / 2 >> 20 {
			b := make([]byte, 1<<20)
			for i := 0; i < len(b); i += 4096 {
				b[i] = 1
			}
			sink = append(sink, b)
		}
		select {}
	case "reserve": // unlimited address space without touching a page
		for range 16 {
			sink = append(sink, make([]byte, 1<<30))
		}
		select {}
	case "noise":
		fmt.Fprint(os.Stderr, strings.Repeat("student number "+arg+"\n", 100_000))
		return says("noisy"), nil
	case "stdout":
		_, _ = os.Stdout.WriteString(arg)
		return says("never seen"), nil
	case "close":
		_ = os.Stdout.Close()
		select {}
	case "kindless":
		return document.Document{}, nil
	case "many":
		return document.Document{Kind: document.Transcript, TransferredCourses: slices.Repeat([]string{strings.Repeat("x", 1000)}, 10_000)}, nil
	case "environment":
		env := os.Environ()
		slices.Sort(env)
		return says(strings.Join(env, "\n")), nil
	case "confinement":
		return says(strings.Join(confinement(arg), "\n")), nil
	}
	return document.Document{}, fault.New(fault.UnrecognizedDocument)
}

// confinement lists the restrictions of the process.
func confinement(path string) []string {
	var seen []string
	say := func(format string, args ...any) { seen = append(seen, fmt.Sprintf(format, args...)) }
	can := func(what string, err error) { say("%s: %t", what, err == nil) }

	_, err := os.Open("/etc/passwd")
	can("open a file", err)
	_, err = os.Create(path)
	can("create a file", err)
	_, err = os.ReadDir("/proc/self")
	can("list a folder", err)
	_, err = net.Listen("tcp", "127.0.0.1:0")
	can("open a socket", err)
	p, err := os.StartProcess("/bin/true", []string{"true"}, &os.ProcAttr{})
	can("start a process", err)
	if err == nil {
		_, _ = p.Wait()
	}
	can("raise its descriptors", syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: 64, Max: 64}))
	var pipes, devices []string
	for fd := range 256 { // without a descriptor there is no folder to list
		var st syscall.Stat_t
		if syscall.Fstat(fd, &st) != nil {
			continue
		}
		switch st.Mode & syscall.S_IFMT {
		case syscall.S_IFIFO:
			pipes = append(pipes, strconv.Itoa(fd))
		case syscall.S_IFCHR: // what the test left open
			devices = append(devices, strconv.Itoa(fd))
		}
	}
	say("pipes: %s", strings.Join(pipes, " "))
	say("devices: %s", strings.Join(devices, " "))
	for _, l := range []struct {
		name     string
		resource int
	}{{"core", syscall.RLIMIT_CORE}, {"file size", syscall.RLIMIT_FSIZE}, {"descriptors", syscall.RLIMIT_NOFILE}, {"processor time", syscall.RLIMIT_CPU}} {
		var r syscall.Rlimit
		if err := syscall.Getrlimit(l.resource, &r); err != nil {
			say("%s: %v", l.name, err)
			continue
		}
		say("limit of %s: %d", l.name, r.Max)
	}
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var sets [2]unix.CapUserData
	err = unix.Capget(&header, &sets[0])
	say("capabilities beyond DAC_OVERRIDE: %x %x %v", sets[0].Permitted&^(1<<unix.CAP_DAC_OVERRIDE), sets[1].Permitted, err)
	const prGetNoNewPrivs = 39
	nnp, _, _ := syscall.RawSyscall6(syscall.SYS_PRCTL, prGetNoNewPrivs, 0, 0, 0, 0, 0)
	say("no new privileges: %d", nnp)
	sid, _, _ := syscall.RawSyscall(syscall.SYS_GETSID, 0, 0, 0)
	say("session of its own: %t", int(sid) == os.Getpid())
	nice, _ := syscall.Getpriority(syscall.PRIO_PROCESS, 0)
	say("niceness: %d", 20-nice) // the system call answers 20 - nice
	dir, _ := os.Getwd()
	say("folder: %s", dir)
	return seen
}

// parent prints the pids of its children once each is busy with an endless document, and waits.
func parent() error {
	stop, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer cancel()
	p := testenv.Must(parsepool.New(parsepool.Deps{
		Command: []string{asChild}, Size: 2, Deadline: time.Hour, MemoryLimit: plenty, Logger: slog.New(slog.DiscardHandler),
		Registerer: prometheus.NewRegistry(), Clock: time.Now,
	}))
	go func() {
		// Two documents at once go to two children.
		first, second := make(chan string), make(chan string)
		for _, c := range []chan string{first, second} {
			go func() {
				doc, err := p.Parse(stop, []byte("pid"))
				must(err)
				c <- doc.ProgramInfo.Degree
				_, _ = p.Parse(stop, []byte("spin"))
			}()
		}
		a, b := <-first, <-second
		fmt.Println(a, b)
	}()
	return p.Run(stop)
}
