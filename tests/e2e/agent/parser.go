package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"regexp"
	"sync"
	"time"
)

// A document carries its name and the time that its parse takes as comments behind its end: newDocuments writes them.
var (
	nameComment  = regexp.MustCompile(`\n%name=(\S+)`)
	delayComment = regexp.MustCompile(`\n%delay=(\S+)`)
)

// Parse is one call of the fake parser.
type Parse struct {
	Document string    `json:"document"`
	Began    time.Time `json:"began"`
	Ended    time.Time `json:"ended,omitzero"` // zero while it runs, or if the caller disconnected
}

// parser replaces the parser: it takes as long as the document says, returns the same facts for each, and keeps a
// ledger of its calls.
type parser struct {
	facts []byte

	mu     sync.Mutex
	ledger []Parse
}

func serveParser(ctx context.Context, facts string) error {
	b, err := os.ReadFile(facts)
	if err != nil {
		return err
	}
	p := &parser{facts: b}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /health", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"status":"ok"}`) })
	mux.HandleFunc("POST /v1/parse", p.serveParse)
	mux.HandleFunc("GET /ledger", p.serveLedger)
	server := &http.Server{Addr: ":15001", Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	stopped := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stopped()
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func (p *parser) serveParse(w http.ResponseWriter, r *http.Request) {
	pdf, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 16<<20))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	entry := Parse{Began: time.Now()}
	if m := nameComment.FindSubmatch(pdf); m != nil {
		entry.Document = string(m[1])
	}
	var delay time.Duration
	if m := delayComment.FindSubmatch(pdf); m != nil {
		delay, _ = time.ParseDuration(string(m[1]))
	}
	p.mu.Lock()
	number := len(p.ledger)
	p.ledger = append(p.ledger, entry)
	p.mu.Unlock()
	select {
	case <-r.Context().Done():
		return
	case <-time.After(delay):
	}
	p.mu.Lock()
	p.ledger[number].Ended = time.Now()
	p.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(p.facts)
}

func (p *parser) serveLedger(w http.ResponseWriter, _ *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	_ = printJSON(w, append([]Parse{}, p.ledger...))
}
