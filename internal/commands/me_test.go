package commands_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestMe(t *testing.T) {
	t.Parallel()
	var sent []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sent = append(sent, r.Method+" "+r.URL.Path+" "+r.Header.Get("Authorization"))
		if r.Method == http.MethodDelete {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		fmt.Fprint(w, `{"owner":"ann","timelines":[]}`)
	}))
	t.Cleanup(server.Close)
	got := runUpload(t, "me", "export", "--url", server.URL, "--token", "x")
	if got.code != 0 || !strings.Contains(got.out, "\n  \"owner\": \"ann\"") {
		t.Errorf("export: got %d, %s%s", got.code, got.out, got.err)
	}
	if got := runUpload(t, "me", "erase", "--url", server.URL); got.code != 2 {
		t.Errorf("without --yes: got exit code %d, want 2", got.code)
	}
	if got := runUpload(t, "me", "erase", "--yes", "--url", server.URL, "--token", "x"); got.code != 0 || !strings.Contains(got.out, "deleted") {
		t.Errorf("erase: got %d, %s%s", got.code, got.out, got.err)
	}
	if want := "GET /api/me Bearer x,DELETE /api/me Bearer x"; strings.Join(sent, ",") != want {
		t.Errorf("sent %v, want %s", sent, want)
	}
}
