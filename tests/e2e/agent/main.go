// Command agent is what the tests on a cluster do from within it: it uploads through the Service as a client does, stands
// in for a parser that takes as long as each document says, and kills processes the hard way. It is no part of the product.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "agent:", err)
		os.Exit(1)
	}
}

// run runs one command. Each prints JSON, except where a line says more.
func run(ctx context.Context, args []string, in io.Reader, out io.Writer) error {
	if len(args) == 0 {
		return errors.New("want a command: idle, parser, upload, status, wait, load, get, until, list, kill")
	}
	flags := flag.NewFlagSet(args[0], flag.ContinueOnError)
	var (
		base     = flags.String("url", "", "address of the API, or of one request")
		token    = flags.String("token", "", "token of the user")
		name     = flags.String("name", "document", "what documents are called in the parser's ledger, before their number")
		count    = flags.Int("n", 1, "number of documents")
		delay    = flags.Duration("delay", 0, "how long the parser takes for a document")
		every    = flags.Duration("every", 500*time.Millisecond, "pause between two uploads")
		limit    = flags.Duration("limit", 2*time.Minute, "how long to wait at most")
		want     = flags.Int("status", http.StatusOK, "the status to wait for")
		facts    = flags.String("facts", "/facts.json", "what the parser finds in each document")
		template = flags.String("pdf", "/transcript.pdf", "the document to upload")
	)
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	c := &client{base: *base, token: *token, kept: &http.Client{Timeout: requestTimeout}}
	limited, cancel := context.WithTimeout(ctx, *limit)
	defer cancel()
	switch args[0] {
	case "idle":
		<-ctx.Done()
		return nil
	case "parser":
		return serveParser(ctx, *facts)
	case "upload":
		docs, err := documents(*template, *name, *delay)
		if err != nil {
			return err
		}
		jobs, err := c.uploadAll(limited, docs, *count)
		if err != nil {
			return err
		}
		return print(out, jobs)
	case "status":
		jobs := make([]Job, flags.NArg())
		for n, id := range flags.Args() {
			var err error
			if jobs[n], err = c.status(limited, Job{ID: id}); err != nil {
				return err
			}
		}
		return print(out, jobs)
	case "wait":
		return print(out, c.awaitAll(limited, flags.Args()))
	case "load":
		docs, err := documents(*template, *name, *delay)
		if err != nil {
			return err
		}
		return print(out, c.load(ctx, docs, *every, *limit, ended(in)))
	case "get":
		status, body, err := c.request(limited, http.MethodGet, "", "", nil)
		if err != nil {
			return err
		}
		return print(out, map[string]any{"status": status, "body": string(body)})
	case "until":
		return c.until(limited, *want)
	case "list":
		return list(out, flags.Arg(0))
	case "kill":
		return kill(out, flags.Arg(0))
	}
	return fmt.Errorf("there is no command %q", args[0])
}

func print(out io.Writer, v any) error { return json.NewEncoder(out).Encode(v) }

// ended is closed when in is at its end: that is how the other side of `kubectl exec -i` says stop.
func ended(in io.Reader) <-chan struct{} {
	end := make(chan struct{})
	go func() {
		defer close(end)
		_, _ = io.Copy(io.Discard, in)
	}()
	return end
}

// list prints the files below a folder, one a line.
func list(out io.Writer, folder string) error {
	return filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			fmt.Fprintln(out, path)
		}
		if errors.Is(err, fs.ErrNotExist) { // it went while we looked
			return nil
		}
		return err
	})
}

// kill sends SIGKILL to the first process of a container, whose id is in the names of its control groups. It needs hostPID
// and CAP_KILL: within its own namespace a first process cannot be killed.
func kill(out io.Writer, container string) error {
	if container == "" {
		return errors.New("which container?")
	}
	groups, err := filepath.Glob("/proc/[0-9]*/cgroup")
	if err != nil {
		return err
	}
	first := 0
	for _, path := range groups {
		b, err := os.ReadFile(path)
		if err != nil || !strings.Contains(string(b), container) {
			continue
		}
		var pid int
		if _, err := fmt.Sscanf(path, "/proc/%d/cgroup", &pid); err != nil {
			return err
		}
		if first == 0 || pid < first { // children come later, unless the numbers went round
			first = pid
		}
	}
	if first == 0 {
		return fmt.Errorf("no process of container %s", container)
	}
	fmt.Fprintln(out, first)
	return syscall.Kill(first, syscall.SIGKILL)
}
