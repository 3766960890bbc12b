//go:build load

package load

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/apiclient"
)

// wires are connections that send one request repeatedly, as prepared bytes. An HTTP client would use as much of the
// machine as the measured server.
type wires struct {
	request []byte
	idle    chan *wire
}

type wire struct {
	net.Conn
	answers *bufio.Reader
}

// newUploadWires opens n connections that upload a document. Each upload asks for a new job.
func newUploadWires(t *testing.T, c *client, form apiclient.Form, n int) *wires {
	t.Helper()
	host := strings.TrimPrefix(c.base, "http://")
	head := fmt.Sprintf("POST %s?force=true HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n",
		apiclient.UploadPath, host, c.token, form.ContentType, len(form.Body))
	w := &wires{request: append([]byte(head), form.Body...), idle: make(chan *wire, n)}
	for range n {
		conn, err := net.Dial("tcp", host)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		w.idle <- &wire{conn, bufio.NewReader(conn)}
	}
	return w
}

// sendRequest sends the request on an idle connection and checks the status of the response.
func (w *wires) sendRequest(want int) error {
	c := <-w.idle
	defer func() { w.idle <- c }()
	if _, err := c.Write(w.request); err != nil {
		return err
	}
	res, err := http.ReadResponse(c.answers, nil)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		return err
	}
	if res.StatusCode != want {
		return fmt.Errorf("upload: %s, want %d", res.Status, want)
	}
	return nil
}
