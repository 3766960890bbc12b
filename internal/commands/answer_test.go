package commands_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const answeredJob = "1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed"

func TestAnswer(t *testing.T) {
	t.Parallel()
	stored, err := os.ReadFile(filepath.Join("testdata", "result.json"))
	if err != nil {
		t.Fatal(err)
	}
	var sent string
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/timeline/{id}/degree", func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		sent = r.PathValue("id") + " " + string(b)
		w.WriteHeader(http.StatusAccepted)
		fmt.Fprintf(w, `{"jobId":%q,"status":"queued"}`, r.PathValue("id"))
	})
	mux.HandleFunc("GET /api/timeline/status/{id}/events", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		fmt.Fprint(w, "data: {\"status\":\"done\"}\n\n")
	})
	mux.HandleFunc("GET /api/timeline/status/{id}", func(w http.ResponseWriter, r *http.Request) {
		if r.FormValue("view") == "facts" {
			fmt.Fprint(w, `{"status":"done","data":{"rowsRead":41,"rowsSeen":41,"creditsRead":107,"creditsPrinted":107}}`)
			return
		}
		fmt.Fprintf(w, `{"status":"done","data":%s}`, stored)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	got := runUpload(t, "answer", answeredJob, "--degree", "BEng in Software Engineering", "--url", server.URL)
	if got.code != 0 || !strings.Contains(got.out, "Read: 41 of 41 rows, 107 of 107 credits") {
		t.Errorf("got %d, %s%s, want the timeline and what was read", got.code, got.out, got.err)
	}
	if want := answeredJob + ` {"degree":"BEng in Software Engineering"}`; sent != want {
		t.Errorf("sent %s, want %s", sent, want)
	}
	for _, args := range [][]string{{"answer", answeredJob}, {"answer", "x", "--degree", "D"}} {
		if got := runUpload(t, args...); got.code != 2 {
			t.Errorf("%v: got exit code %d, want 2", args, got.code)
		}
	}
}
