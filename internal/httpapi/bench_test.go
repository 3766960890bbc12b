package httpapi_test

import (
	"bytes"
	"io"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/trackmydegree/trackmydegree/internal/httpapi"
)

// The benchmarks serve without a network, so that they measure the API: its middleware, Redis, files. tests/load
// measures over real connections, on one core.

// served is an API as production runs it: with a logger that writes, measures that count.
func served(b *testing.B) (*system, http.Handler) {
	var api http.Handler
	s := setup(b, func(d *httpapi.Deps) {
		d.Logger = slog.New(slog.NewJSONHandler(io.Discard, &slog.HandlerOptions{Level: slog.LevelInfo}))
		withMaxJobs(math.MaxInt32)(d) // read with each upload, and never reached
		own := *d
		own.Registerer = prometheus.NewRegistry()
		var err error
		api, err = httpapi.New(own)
		must(b, err)
	})
	return s, api
}

// sink reads an answer and keeps its status.
type sink struct {
	header http.Header
	status int
	bytes  int
	fault  []byte // the body of a refusal
}

func (s *sink) Header() http.Header    { return s.header }
func (s *sink) WriteHeader(status int) { s.status = status }
func (s *sink) Write(p []byte) (int, error) {
	s.bytes += len(p)
	if s.status >= http.StatusBadRequest {
		s.fault = append(s.fault, p...)
	}
	return len(p), nil
}

func BenchmarkResult(b *testing.B) {
	s, api := served(b)
	id := s.done("ann")
	bearer := "Bearer " + token(b, "ann")
	for _, c := range []struct{ name, query, accept string }{
		{"AsStored", "", "gzip"}, {"Slim", "?view=slim", "gzip"}, {"Plain", "", ""}, {"StateOnly", "?result=false", "gzip"},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetParallelism(8) // of GOMAXPROCS: 16 on two cores
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					r := httptest.NewRequest(http.MethodGet, "/api/timeline/status/"+string(id)+c.query, nil)
					r.Header.Set("Authorization", bearer)
					r.Header.Set("Accept-Encoding", c.accept)
					w := &sink{header: http.Header{}}
					api.ServeHTTP(w, r)
					if w.status != http.StatusOK {
						b.Errorf("%d: %s", w.status, w.fault)
						return
					}
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "results/s")
		})
	}
}

func BenchmarkUpload(b *testing.B) {
	s, api := served(b)
	body, contentType := form(b, "file", "transcript.pdf", pdf(60_000))
	content, err := io.ReadAll(body)
	must(b, err)
	bearer := "Bearer " + token(s.t, "ann")
	b.ReportAllocs()
	b.SetParallelism(8)
	before := cpuTime(b)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			r := httptest.NewRequest(http.MethodPost, "/api/timeline/upload?force=true", bytes.NewReader(content))
			r.Header.Set("Authorization", bearer)
			r.Header.Set("Content-Type", contentType)
			w := &sink{header: http.Header{}}
			api.ServeHTTP(w, r)
			if w.status != http.StatusAccepted {
				b.Errorf("%d: %s", w.status, w.fault)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "uploads/s")
	// This figure is comparable on a machine with other load.
	b.ReportMetric(float64((cpuTime(b)-before).Microseconds())/float64(b.N), "cpu-µs/op")
}

// cpuTime is the processor time of the process so far.
func cpuTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	must(b, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkEdit moves a course to and fro, one edit after the other, with a real Redis.
func BenchmarkEdit(b *testing.B) {
	s, api := served(b)
	id := s.done("ann")
	bearer := "Bearer " + token(b, "ann")
	send := func(body, prefer string) int {
		r := httptest.NewRequest(http.MethodPatch, "/api/timeline/status/"+string(id), strings.NewReader(body))
		r.Header.Set("Authorization", bearer)
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Accept-Encoding", "gzip")
		r.Header.Set("Prefer", prefer)
		w := &sink{header: http.Header{}}
		api.ServeHTTP(w, r)
		if w.status != http.StatusOK {
			b.Fatalf("%d: %s", w.status, w.fault)
		}
		return w.bytes
	}
	send(`{"changes":[{"op":"placeCourse","course":"COMP 352","term":"WINTER 2027"}]}`, "")
	for _, prefer := range []string{"return=minimal", "return=representation"} {
		b.Run(prefer, func(b *testing.B) {
			b.ReportAllocs()
			var times []time.Duration
			terms, bytes := []string{"FALL 2027", "WINTER 2027"}, 0
			for i := 0; b.Loop(); i++ {
				begin := time.Now()
				bytes = send(`{"changes":[{"op":"moveCourse","course":"COMP 352","to":"`+terms[i%2]+`"}]}`, prefer)
				times = append(times, time.Since(begin))
			}
			if len(times)%2 == 1 {
				send(`{"changes":[{"op":"moveCourse","course":"COMP 352","to":"WINTER 2027"}]}`, prefer)
			}
			slices.Sort(times)
			b.ReportMetric(float64(times[len(times)/2].Microseconds())/1000, "p50-ms")
			b.ReportMetric(float64(bytes), "answer-bytes")
		})
	}
}

func BenchmarkDegrees(b *testing.B) {
	_, api := served(b)
	bearer := "Bearer " + token(b, "ann")
	b.ReportAllocs()
	for b.Loop() {
		r := httptest.NewRequest(http.MethodGet, "/api/degrees", nil)
		r.Header.Set("Authorization", bearer)
		r.Header.Set("Accept-Encoding", "gzip")
		w := &sink{header: http.Header{}}
		api.ServeHTTP(w, r)
		if w.status != http.StatusOK {
			b.Fatalf("%d: %s", w.status, w.fault)
		}
	}
}

func BenchmarkAudit(b *testing.B) {
	s, api := served(b)
	path := "/api/timeline/status/" + string(s.done("ann"))
	bearer := "Bearer " + token(b, "ann")
	for _, c := range []struct{ name, method, path, body string }{
		{"Audit", http.MethodGet, "/audit", ""}, {"WhatIf", http.MethodGet, "/what-if", ""}, {"Plan", http.MethodPost, "/plan", `{"maxCredits":16,"keep":[{"code":"COMP 352","term":"Fall 2028"}]}`},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r := httptest.NewRequest(c.method, path+c.path, strings.NewReader(c.body))
				r.Header.Set("Authorization", bearer)
				r.Header.Set("Accept-Encoding", "gzip")
				r.Header.Set("Content-Type", "application/json")
				w := &sink{header: http.Header{}}
				api.ServeHTTP(w, r)
				if w.status != http.StatusOK {
					b.Fatalf("%d: %s", w.status, w.fault)
				}
			}
		})
	}
}
