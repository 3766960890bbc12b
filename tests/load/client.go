//go:build load

package load

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// client is one user of the API. It keeps its connections, as a browser does.
type client struct {
	base, token string
	http        *http.Client
}

func newClient(base, token string) *client {
	return &client{base: base, token: token, http: &http.Client{
		Timeout:   30 * time.Second,
		Transport: &http.Transport{MaxIdleConnsPerHost: 256, DisableCompression: true},
	}}
}

func (c *client) do(ctx context.Context, method, path, contentType string, body io.Reader) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, body)
	if err != nil {
		return nil, err
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	req.Header.Set("Accept-Encoding", "gzip")
	return c.http.Do(req)
}

// form wraps a document as the multipart body that a browser would send.
func form(pdf []byte) (body []byte, contentType string) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	part, _ := w.CreateFormFile("file", "transcript.pdf")
	_, _ = part.Write(pdf)
	_ = w.Close()
	return b.Bytes(), w.FormDataContentType()
}

// uploadPath asks for a job of its own for each upload: all send the same document.
const uploadPath = "/api/timeline/upload?force=true"

// upload sends a document and returns its job.
func (c *client) upload(ctx context.Context, body []byte, contentType string) (string, error) {
	res, err := c.do(ctx, http.MethodPost, uploadPath, contentType, bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		return "", err
	}
	if res.StatusCode != http.StatusAccepted {
		return "", fmt.Errorf("upload: %s: %s", res.Status, b)
	}
	var answer struct {
		JobID string `json:"jobId"`
	}
	return answer.JobID, json.Unmarshal(b, &answer)
}

// status returns the state of a job, without its result.
func (c *client) status(ctx context.Context, id string) (string, error) {
	res, err := c.do(ctx, http.MethodGet, "/api/timeline/status/"+id+"?result=false", "", nil)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	var answer struct {
		Status string          `json:"status"`
		Error  json.RawMessage `json:"error"`
	}
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil {
		return "", fmt.Errorf("status: %s: %w", res.Status, err)
	}
	if answer.Status == "failed" {
		return "failed", fmt.Errorf("job %s failed: %s", id, answer.Error)
	}
	return answer.Status, nil
}

// result reads a done result as stored and returns its size on the wire.
func (c *client) result(ctx context.Context, id string) (int64, error) {
	res, err := c.do(ctx, http.MethodGet, "/api/timeline/status/"+id, "", nil)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("result: %s", res.Status)
	}
	return io.Copy(io.Discard, res.Body)
}

// wait follows the job's events to its end.
func (c *client) wait(ctx context.Context, id string) error {
	res, err := c.do(ctx, http.MethodGet, "/api/timeline/status/"+id+"/events", "", nil)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	for s := bufio.NewScanner(res.Body); s.Scan(); {
		data, ok := strings.CutPrefix(s.Text(), "data:")
		if !ok {
			continue
		}
		var event struct {
			Status string `json:"status"`
		}
		if err := json.Unmarshal([]byte(data), &event); err != nil {
			return err
		}
		switch event.Status {
		case "done":
			return nil
		case "failed":
			return fmt.Errorf("job %s failed: %s", id, data)
		}
	}
	return fmt.Errorf("job %s: the events ended before the job", id)
}

// wires are connections that send one request again and again. The client library would take as much of the machine as
// the server that is measured.
type wires struct {
	request []byte
	idle    chan *wire
}

type wire struct {
	net.Conn
	answers *bufio.Reader
}

func newWires(t *testing.T, c *client, method, path, contentType string, body []byte, n int) *wires {
	t.Helper()
	host := strings.TrimPrefix(c.base, "http://")
	head := fmt.Sprintf("%s %s HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n",
		method, path, host, c.token, contentType, len(body))
	w := &wires{request: append([]byte(head), body...), idle: make(chan *wire, n)}
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

// send sends the request and reads its answer.
func (w *wires) send(want int) error {
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
		return fmt.Errorf("%s", res.Status)
	}
	return nil
}
