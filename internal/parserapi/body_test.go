package parserapi_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/parserapi"
	"github.com/trackmydegree/trackmydegree/internal/problem"
)

// A body that is announced as too large is refused before a byte of it is sent.
func TestTooLargeIsRefusedUnread(t *testing.T) {
	t.Parallel()
	addr := serve(t, newHandler(parserapi.Deps{Parser: reads}))
	conn := dial(t, addr)
	fmt.Fprintf(conn, "POST /v1/parse HTTP/1.1\r\nHost: parser\r\nContent-Type: application/pdf\r\nContent-Length: %d\r\n\r\n", document.MaxBytes+1)
	if res := response(t, conn); res.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("status %d", res.StatusCode)
	}
	// Without an announcement it is refused at the limit.
	conn = dial(t, addr)
	fmt.Fprint(conn, "POST /v1/parse HTTP/1.1\r\nHost: parser\r\nContent-Type: application/pdf\r\nTransfer-Encoding: chunked\r\n\r\n")
	go func() {
		chunk := "100000\r\n%PDF-" + strings.Repeat("x", 1<<20-5) + "\r\n"
		for range 11 {
			if _, err := io.WriteString(conn, chunk); err != nil {
				return // refused
			}
		}
	}()
	if res := response(t, conn); res.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("status %d", res.StatusCode)
	}
}

func TestASlowBodyIsGivenUp(t *testing.T) {
	t.Parallel()
	addr := serve(t, newHandler(parserapi.Deps{Parser: reads, BodyTimeout: 50 * time.Millisecond}))
	conn := dial(t, addr)
	fmt.Fprint(conn, "POST /v1/parse HTTP/1.1\r\nHost: parser\r\nContent-Type: application/pdf\r\nContent-Length: 100\r\n\r\n%PDF-")
	res := response(t, conn)
	f, err := problem.ReadFault(res.Body)
	if err != nil || f.Code != fault.Timeout || res.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("status %d, %v, %v", res.StatusCode, f, err)
	}
}

// Reading a document may take longer than the deadline of its body.
func TestTheBodysDeadlineEndsWithTheBody(t *testing.T) {
	t.Parallel()
	const timeout = 50 * time.Millisecond
	slow := fake(func(ctx context.Context, _ []byte) (document.Document, error) {
		select {
		case <-ctx.Done():
			return document.Document{}, ctx.Err()
		case <-time.After(4 * timeout):
			return facts(), nil
		}
	})
	addr := serve(t, newHandler(parserapi.Deps{Parser: slow, BodyTimeout: timeout}))
	res, err := http.Post(addr+"/v1/parse", "application/pdf", strings.NewReader(pdf))
	if err != nil {
		t.Fatal(err)
	}
	defer http.DefaultClient.CloseIdleConnections()
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		t.Errorf("status %d", res.StatusCode)
	}
}

func TestAClientThatGoesAwayFreesTheParser(t *testing.T) {
	t.Parallel()
	inForm, formType := form(t, "file", "transcript.pdf", pdf, "note", "after.txt", strings.Repeat("x", 20_000))
	for contentType, body := range map[string]string{"application/pdf": pdf, formType: inForm} {
		began, ended := make(chan struct{}), make(chan struct{})
		h := newHandler(parserapi.Deps{Parser: fake(func(ctx context.Context, _ []byte) (document.Document, error) {
			close(began)
			<-ctx.Done()
			close(ended)
			return document.Document{}, ctx.Err()
		})})
		conn := dial(t, serve(t, h))
		fmt.Fprintf(conn, "POST /v1/parse HTTP/1.1\r\nHost: parser\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s", contentType, len(body), body)
		<-began
		conn.Close()
		select {
		case <-ended:
		case <-time.After(soon):
			t.Errorf("%s: the parser works without a client", contentType)
		}
	}
}

// Bodies wait for memory in turn, and release it.
func TestBodiesShareTheirMemory(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	began := make(chan struct{}, 8)
	h := newHandler(parserapi.Deps{
		Memory: 2 * document.MaxBytes, BodyTimeout: soon,
		Parser: fake(func(context.Context, []byte) (document.Document, error) {
			began <- struct{}{}
			<-release
			return facts(), nil
		}),
	})
	statuses := make(chan int, 8)
	send := func(ctx context.Context) {
		r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/v1/parse", strings.NewReader(pdf))
		r.ContentLength = -1 // it may have any length
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		statuses <- w.Code
	}
	const fit = 2
	for range fit {
		go send(t.Context())
		<-began
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	send(ctx)
	if got := <-statuses; got != http.StatusServiceUnavailable {
		t.Errorf("beyond the memory: status %d", got)
	}
	go send(t.Context())
	close(release)
	for range fit + 1 {
		if got := <-statuses; got != http.StatusOK {
			t.Errorf("status %d", got)
		}
	}
}

func dial(tb testing.TB, addr string) net.Conn {
	tb.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(addr, "http://"))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(soon))
	return conn
}

func response(tb testing.TB, conn net.Conn) *http.Response {
	tb.Helper()
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { res.Body.Close() })
	return res
}

// A body that no handler reads must not hold its connection: net/http waits for some of it before it answers.
func TestUnreadBodyEnds(t *testing.T) {
	t.Parallel()
	srv := parserapi.Server(http.NotFoundHandler(), slog.New(slog.DiscardHandler))
	if srv.ReadTimeout <= 0 {
		t.Fatal("without a limit")
	}
	srv.ReadTimeout = 100 * time.Millisecond
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()
	t.Cleanup(func() { srv.Close(); <-served })
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(c, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusNotFound {
		t.Error(res.Status)
	}
}
