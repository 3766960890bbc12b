package httpapi_test

import (
	"bufio"
	"context"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/httpapi"
	"github.com/trackmydegree/trackmydegree/internal/problem"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

// dial opens a connection and sends the head of an upload.
func (s *system) dial(head string) net.Conn {
	s.t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(s.base, "http://"))
	must(s.t, err)
	s.t.Cleanup(func() { c.Close() })
	must(s.t, c.SetDeadline(time.Now().Add(20*time.Second)))
	_, err = io.WriteString(c, head)
	must(s.t, err)
	return c
}

func (s *system) uploadHead(length string) string {
	return "POST /api/timeline/upload HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + token(s.t, "ann") +
		"\r\nContent-Type: multipart/form-data; boundary=b\r\n" + length + "\r\n\r\n"
}

// A body that is announced as too large is refused before a byte of it is read.
func TestTooLargeIsRefusedUnread(t *testing.T) {
	t.Parallel()
	s := setup(t)
	c := s.dial(s.uploadHead("Content-Length: 20000000\r\nExpect: 100-continue"))
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	must(t, err)
	defer res.Body.Close()
	if res.StatusCode != http.StatusRequestEntityTooLarge || !res.Close {
		t.Errorf("%s, close %v", res.Status, res.Close)
	}
}

// A connection that breaks during the body leaves no file, no draft and no record.
func TestCutUploadLeavesNothing(t *testing.T) {
	t.Parallel()
	s := setup(t)
	head := "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x.pdf\"\r\n\r\n"
	for name, sent := range map[string]string{
		"in the headers":  head[:20],
		"in the document": head + string(pdf(200_000)),
		"before the end":  head + "%PDF-1.7 whole\r\n--b",
	} {
		t.Run(name, func(t *testing.T) {
			s := s.in(t)
			c := s.dial(s.uploadHead("Content-Length: 1000000"))
			_, err := io.WriteString(c, sent)
			must(t, err)
			requests := strings.Count(s.log.String(), `"msg":"request"`)
			must(t, c.Close())
			testenv.Eventually(t, "the request has ended", func() bool { return strings.Count(s.log.String(), `"msg":"request"`) > requests })
			if files := s.files(); len(files) != 0 {
				t.Errorf("left behind: %v", files)
			}
			if keys := s.redis.Keys(t.Context(), "job:*").Val(); len(keys) != 0 {
				t.Errorf("left behind: %v", keys)
			}
		})
	}
}

// A client that stops sending, but still reads, learns that nothing was accepted.
func TestHalfClosedUploadIsNoSuccess(t *testing.T) {
	t.Parallel()
	s := setup(t)
	for name, body := range map[string]string{
		"in the document": "--b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\n" + string(pdf(100_000)),
		"before the body": "",
	} {
		t.Run(name, func(t *testing.T) {
			s := s.in(t)
			c := s.dial(s.uploadHead("Content-Length: 1000000"))
			_, err := io.WriteString(c, body)
			must(t, err)
			must(t, c.(*net.TCPConn).CloseWrite())
			res, err := http.ReadResponse(bufio.NewReader(c), nil)
			must(t, err)
			defer res.Body.Close()
			if res.StatusCode != http.StatusBadRequest || res.Header.Get("Content-Type") != problem.ContentType {
				t.Errorf("%s, %v", res.Status, res.Header)
			}
			if files := s.files(); len(files) != 0 {
				t.Errorf("left behind: %v", files)
			}
		})
	}
}

// A client that half-closed its connection and still reads receives the error that this caused.
func TestHalfClosedRequestIsNoSuccess(t *testing.T) {
	t.Parallel()
	s := setup(t, func(d *httpapi.Deps) { d.Cache = patient{} })
	c := s.dial("GET /api/degrees HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + token(t, "ann") + "\r\n\r\n")
	must(t, c.(*net.TCPConn).CloseWrite())
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	must(t, err)
	defer res.Body.Close()
	if res.StatusCode != http.StatusBadRequest {
		t.Error(res.Status)
	}
}

// patient is a cache that waits until its caller has disconnected.
type patient struct{}

func (patient) GetOrFill(ctx context.Context, _ string, _ time.Duration, _ func(context.Context) ([]byte, error)) ([]byte, error) {
	<-ctx.Done()
	return nil, fault.Wrap(fault.DatabaseUnavailable, ctx.Err())
}

// A client that sends an occasional byte may not hold a connection for ever, at any point of its body.
func TestSlowBodiesEnd(t *testing.T) {
	t.Parallel()
	s := setup(t, func(d *httpapi.Deps) { d.UploadTimeout = 100 * time.Millisecond })
	part := "--b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\n%PDF-1.7"
	for name, request := range map[string]string{
		"before the part":   s.uploadHead("Content-Length: 100000") + "--b\r\n",
		"in the document":   s.uploadHead("Content-Length: 100000") + part,
		"in a second field": s.uploadHead("Content-Length: 100000") + part + "\r\n--b\r\n",
		"in a form": "POST /api/timeline/form HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + token(t, "ann") +
			"\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{",
	} {
		t.Run(name, func(t *testing.T) {
			c := s.in(t).dial(request)
			res, err := http.ReadResponse(bufio.NewReader(c), nil)
			must(t, err)
			defer res.Body.Close()
			body, err := io.ReadAll(res.Body)
			must(t, err)
			if res.StatusCode != http.StatusBadRequest || !strings.Contains(string(body), "too slowly") {
				t.Errorf("%s %s", res.Status, body)
			}
		})
	}
}

// An unread body ends as well: net/http reads some of it before it answers.
func TestUnreadBodiesEnd(t *testing.T) {
	t.Parallel()
	s := setup(t)
	server := s.api.Server()
	if server.ReadTimeout <= 0 {
		t.Fatal("without a limit")
	}
	server.ReadTimeout = 100 * time.Millisecond
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	t.Cleanup(func() {
		must(t, server.Close())
		<-served
	})
	for request, want := range map[string]int{
		"POST /api/timeline/upload": http.StatusUnauthorized,
		"GET /livez":                http.StatusOK,
		"POST /nowhere":             http.StatusNotFound,
	} {
		t.Run(request, func(t *testing.T) {
			c, err := net.Dial("tcp", l.Addr().String())
			must(t, err)
			defer c.Close()
			must(t, c.SetDeadline(time.Now().Add(20*time.Second)))
			_, err = io.WriteString(c, request+" HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n")
			must(t, err)
			res, err := http.ReadResponse(bufio.NewReader(c), nil)
			must(t, err)
			defer res.Body.Close()
			if res.StatusCode != want {
				t.Error(res.Status)
			}
		})
	}
}

// The headers of a part are held in memory, so their length is limited: the answer comes while the client still sends
// them.
func TestLongPartHeadersAreRefusedEarly(t *testing.T) {
	t.Parallel()
	s := setup(t)
	c := s.dial(s.uploadHead("Content-Length: 5000000"))
	_, err := io.WriteString(c, "--b\r\n"+strings.Repeat("X: y\r\n", 6_000))
	must(t, err)
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	must(t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	must(t, err)
	if res.StatusCode != http.StatusBadRequest || strings.Contains(string(body), "slowly") {
		t.Errorf("%s %s", res.Status, body)
	}
}

// The memory of an upload does not depend on its size.
func TestUploadIsAStream(t *testing.T) {
	if testing.Short() {
		t.Skip("measures memory")
	}
	s := setup(t)
	measure := func(size int) uint64 {
		content := pdf(size)
		for range 3 { // warm
			s.upload("ann", content).want(t, http.StatusAccepted)
		}
		var most uint64
		for range 3 {
			pr, pw := io.Pipe()
			w := multipart.NewWriter(pw)
			go func() {
				part, _ := w.CreateFormFile("file", "x.pdf")
				_, err := part.Write(content)
				_ = w.Close()
				pw.CloseWithError(err)
			}()
			before := allocated()
			s.do(request{method: http.MethodPost, path: "/api/timeline/upload", owner: "ann",
				header: map[string]string{"Content-Type": w.FormDataContentType()}, body: pr}).want(t, http.StatusAccepted)
			most = max(most, allocated()-before)
		}
		return most
	}
	small, large := measure(64<<10), measure(8<<20)
	if large > small+1<<20 {
		t.Errorf("64 KiB allocates %d bytes, 8 MiB %d", small, large)
	}
	t.Logf("64 KiB allocates %d bytes, 8 MiB %d", small, large)
}
