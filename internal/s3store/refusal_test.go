package s3store_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/s3store"
	"github.com/trackmydegree/trackmydegree/internal/storetest"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

// refusing is a way to a server that refuses a method on what ends in suffix.
func refusing(t *testing.T, server *testenv.S3Server, method, suffix string) string {
	t.Helper()
	target, err := url.Parse(server.URL())
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.Out.Host = r.In.Host // it is signed
	}}
	way := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == method && strings.HasSuffix(r.URL.Path, suffix) {
			w.WriteHeader(http.StatusForbidden)
			_, _ = w.Write([]byte("<Error><Code>AccessDenied</Code></Error>"))
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(way.Close)
	return way.URL
}

// A document without a ticket is not saved, nor is a ticket whose document was refused.
func TestARefusedHalfLeavesNothing(t *testing.T) {
	t.Parallel()
	for _, suffix := range []string{".pdf", ".json"} {
		for _, size := range []int{1000, 10 * mib} {
			server := testenv.StartS3(t, name)
			s := open(t, config(refusing(t, server, http.MethodPut, suffix)))
			_, err := s.Save(t.Context(), storetest.NewTicket(), bytes.NewReader(storetest.RandomPDF(size)), 10*mib)
			wantCode(t, suffix, err, fault.StorageUnavailable)
			if left := list(t, s); len(left) != 0 {
				t.Errorf("%s refused, %d bytes: left behind: %+v", suffix, size, left)
			}
		}
	}
}

// The ticket goes last: without it the owner of the document is unknown.
func TestADocumentThatStaysKeepsItsTicket(t *testing.T) {
	t.Parallel()
	s := open(t, config(refusing(t, testenv.StartS3(t, name), http.MethodDelete, ".pdf")))
	ticket := storetest.NewTicket()
	if _, err := s.Save(t.Context(), ticket, bytes.NewReader(storetest.RandomPDF(100)), mib); err != nil {
		t.Fatal(err)
	}
	wantCode(t, "delete", s.Delete(t.Context(), ticket.ID), fault.StorageUnavailable)
	if l := list(t, s); len(l) != 1 || !l[0].Document || !l[0].Ticket {
		t.Errorf("left are %+v", l)
	}
}

// A large document is sent while it arrives: its first part is there before its second has come. A client that
// disconnects then leaves nothing.
func TestPartsAreSentWhileTheDocumentArrives(t *testing.T) {
	t.Parallel()
	s := open(t, config(testenv.StartS3(t, name).URL()))
	ctx, cancel := context.WithCancel(t.Context())
	r := after(bytes.NewReader(storetest.RandomPDF(10*mib)), s3store.PartSize+mib, func() {
		if l := list(t, s); len(l) != 1 || l[0].Temporary == "" || l[0].Modified.IsZero() {
			t.Errorf("during the upload there is %+v", l)
		}
		cancel()
	})
	if _, err := s.Save(ctx, storetest.NewTicket(), r, 10*mib); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want the cancellation", err)
	}
	if left := list(t, s); len(left) != 0 {
		t.Errorf("left behind: %+v", left)
	}
}
