// Command agent runs inside the test cluster on behalf of the tests: it uploads through the Service like a client,
// replaces the parser by one that takes as long as each document says, and kills processes. It is not part of the
// product.
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

	"github.com/trackmydegree/trackmydegree/internal/apiclient"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := runCommand(ctx, os.Args[1:], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "agent:", err)
		os.Exit(1)
	}
}

// runCommand runs one command. Most print JSON; list and kill print lines.
func runCommand(ctx context.Context, args []string, in io.Reader, out io.Writer) error {
	if len(args) == 0 {
		return errors.New("want a command: idle, parser, upload, status, wait, load, get, save, until, list, kill")
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
	c := newClient(*base, *token, true)
	limited, cancel := context.WithTimeout(ctx, *limit)
	defer cancel()
	switch args[0] {
	case "idle":
		<-ctx.Done()
		return nil
	case "parser":
		return serveParser(ctx, *facts)
	case "upload":
		docs, err := newDocuments(*template, *name, *delay)
		if err != nil {
			return err
		}
		jobs, err := c.uploadAll(limited, docs, *count)
		if err != nil {
			return err
		}
		return printJSON(out, jobs)
	case "status":
		jobs := make([]Job, flags.NArg())
		for n, id := range flags.Args() {
			var err error
			if jobs[n], err = c.loadStatus(limited, Job{ID: id}); err != nil {
				return err
			}
		}
		return printJSON(out, jobs)
	case "wait":
		return printJSON(out, c.waitForAll(limited, flags.Args()))
	case "load":
		docs, err := newDocuments(*template, *name, *delay)
		if err != nil {
			return err
		}
		return printJSON(out, runLoad(ctx, []*client{c, newClient(*base, *token, false)}, docs, *every, *limit, watchEnd(in)))
	case "get":
		resp, err := c.api.Send(limited, apiclient.Request{})
		if err != nil {
			return err
		}
		return printJSON(out, map[string]any{"status": resp.StatusCode, "body": string(resp.Body)})
	case "save":
		body, err := json.Marshal(map[string]string{"jobId": flags.Arg(0), "timelineName": *name})
		if err != nil {
			return err
		}
		resp, err := c.api.Send(limited, apiclient.Request{
			Method: http.MethodPost, Path: "/api/timelines", ContentType: "application/json", Body: body,
		})
		if err != nil {
			return err
		}
		return printJSON(out, map[string]any{"status": resp.StatusCode, "body": string(resp.Body)})
	case "until":
		return c.waitForResponse(limited, *want)
	case "list":
		return listFiles(out, flags.Arg(0))
	case "kill":
		return killContainer(out, flags.Arg(0))
	}
	return fmt.Errorf("there is no command %q", args[0])
}

func printJSON(out io.Writer, v any) error { return json.NewEncoder(out).Encode(v) }

// watchEnd returns a channel that closes at the end of in: the other side of `kubectl exec -i` stops the load in this
// way.
func watchEnd(in io.Reader) <-chan struct{} {
	end := make(chan struct{})
	go func() {
		defer close(end)
		_, _ = io.Copy(io.Discard, in)
	}()
	return end
}

// listFiles prints the files below a folder, one a line.
func listFiles(out io.Writer, folder string) error {
	return filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			fmt.Fprintln(out, path)
		}
		if errors.Is(err, fs.ErrNotExist) { // deleted while the folder was read
			return nil
		}
		return err
	})
}

// killContainer sends SIGKILL to the first process of a container, whose id is in the names of its control groups. It
// needs hostPID and CAP_KILL: the first process of a namespace cannot be killed from within.
func killContainer(out io.Writer, container string) error {
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
		if first == 0 || pid < first { // children have greater ids, unless the numbers wrapped around
			first = pid
		}
	}
	if first == 0 {
		return fmt.Errorf("no process of container %s", container)
	}
	fmt.Fprintln(out, first)
	return syscall.Kill(first, syscall.SIGKILL)
}
