package apiclient_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/apiclient"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/problem"
)

func newAPI(t *testing.T, handler http.HandlerFunc) *apiclient.Client {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return apiclient.New(apiclient.Options{BaseURL: server.URL + "/", Token: "secret", Header: http.Header{"X-Test": {"yes"}}})
}

func TestSendPassesTheRequestOn(t *testing.T) {
	t.Parallel()
	var got *http.Request
	var body []byte
	c := newAPI(t, func(w http.ResponseWriter, r *http.Request) {
		got = r
		body, _ = io.ReadAll(r.Body)
		w.WriteHeader(http.StatusTeapot)
		fmt.Fprint(w, "answer")
	})
	sent := 0
	resp, err := c.Send(t.Context(), apiclient.Request{
		Method: http.MethodPut, Path: "/path?q=1", ContentType: "text/plain", Accept: "text/html", IdempotencyKey: "key",
		Body: []byte("request"), OnSent: func(total int) { sent = total },
	})
	if err != nil || resp.StatusCode != http.StatusTeapot || string(resp.Body) != "answer" {
		t.Fatalf("got %d %q, %v; want 418 \"answer\"", resp.StatusCode, resp.Body, err)
	}
	if got.Method != http.MethodPut || got.URL.String() != "/path?q=1" || string(body) != "request" || sent != len("request") {
		t.Errorf("got %s %s %q, %d bytes reported; want PUT /path?q=1 \"request\", 7", got.Method, got.URL, body, sent)
	}
	for name, want := range map[string]string{
		"Authorization": "Bearer secret", "Content-Type": "text/plain", "Accept": "text/html", "Idempotency-Key": "key", "X-Test": "yes",
	} {
		if value := got.Header.Get(name); value != want {
			t.Errorf("header %s: got %q, want %q", name, value, want)
		}
	}
}

func TestFaultCode(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		answer http.HandlerFunc
		want   fault.Code
	}{
		{"a problem", func(w http.ResponseWriter, r *http.Request) { problem.WriteError(w, r, fault.New(fault.NotAPDF)) }, fault.NotAPDF},
		{"a page of a proxy", func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, `{"code":"internal"}`, http.StatusBadGateway)
		}, ""},
		{"a success", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"code":"internal"}`) }, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			resp, err := newAPI(t, tt.answer).Send(t.Context(), apiclient.Request{})
			if got := resp.FaultCode(); err != nil || got != tt.want {
				t.Errorf("got %q, %v; want %q", got, err, tt.want)
			}
		})
	}
}

func TestDocumentFormIsDeterministicAndReadable(t *testing.T) {
	t.Parallel()
	pdf := []byte("%PDF-1.7 document")
	first, second := apiclient.NewDocumentForm(pdf), apiclient.NewDocumentForm(pdf)
	if !bytes.Equal(first.Body, second.Body) {
		t.Error("two forms of one document differ")
	}
	if apiclient.NewDocumentForm([]byte("other")).ContentType == first.ContentType {
		t.Error("forms of different documents have the same boundary")
	}
	req := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(first.Body))
	req.Header.Set("Content-Type", first.ContentType)
	file, header, err := req.FormFile("file")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(file); err != nil || !bytes.Equal(got, pdf) || header.Filename != "document.pdf" {
		t.Errorf("got %q named %q, %v; want %q named document.pdf", got, header.Filename, err, pdf)
	}
}

func TestSubmitUploadTriesOnceUnlessToldOtherwise(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name            string
		tries, requests int
	}{{"by default", 0, 1}, {"with two tries", 2, 2}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			requests := 0
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				requests++
				w.WriteHeader(http.StatusBadGateway)
			}))
			defer server.Close()
			c := apiclient.New(apiclient.Options{BaseURL: server.URL, MaxTries: tt.tries})
			_, err := c.SubmitUpload(t.Context(), apiclient.Upload{Form: apiclient.NewDocumentForm(nil)})
			if fault.CodeOf(err) != fault.Internal || requests != tt.requests {
				t.Errorf("got %v after %d requests, want internal after %d", err, requests, tt.requests)
			}
		})
	}
}

func TestWatchJobReturnsTheLastStatus(t *testing.T) {
	t.Parallel()
	c := newAPI(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		fmt.Fprint(w, "data: {\"status\":\"processing\"}\n\ndata: no JSON\n\ndata: {\"status\":\"done\",\"attempt\":2}\n\n")
	})
	var states []job.State
	last, err := c.WatchJob(t.Context(), "j1", func(s apiclient.JobStatus) { states = append(states, s.Status) })
	if err != nil || last.Status != job.Done || last.Attempt != 2 || len(states) != 2 {
		t.Errorf("got %+v after %v, %v; want done at attempt 2 after two events", last, states, err)
	}
}
