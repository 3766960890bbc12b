// Package apiclient is a client of the HTTP API: single requests for programs that judge each response themselves, and
// operations on jobs, which retry where the caller asks for it.
package apiclient

import (
	"bytes"
	"cmp"
	"context"
	"io"
	"maps"
	"mime"
	"net/http"
	"strings"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/problem"
)

// maxResponseBytes bounds the responses that are read into memory.
const maxResponseBytes = 16 << 20

// Options are the settings of a client.
type Options struct {
	BaseURL  string       // with or without a slash at its end
	Token    string       // empty: requests carry no token
	HTTP     *http.Client // nil: one without a time limit, since streams of events are long
	Header   http.Header  // added to every request
	MaxTries int          // of an operation after a transient failure; 0 means 1
}

// Client sends requests to the API as one caller. It is safe for concurrent use.
type Client struct {
	base     string
	token    string
	http     *http.Client
	header   http.Header
	maxTries int
}

// New returns a client.
func New(o Options) *Client {
	return &Client{
		base: strings.TrimRight(o.BaseURL, "/"), token: o.Token, http: cmp.Or(o.HTTP, &http.Client{}), header: o.Header,
		maxTries: max(o.MaxTries, 1),
	}
}

// CloseIdleConnections closes the connections that no request uses.
func (c *Client) CloseIdleConnections() { c.http.CloseIdleConnections() }

// Request is one request to the API.
type Request struct {
	Method         string // GET if it is empty
	Path           string // with its query
	ContentType    string
	Accept         string
	IdempotencyKey string
	IfMatch        string // an ETag
	Prefer         string
	Body           []byte
	OnSent         func(total int) // called with the number of bytes of the body that were sent; may be nil
}

// Response is the response to a request, with its whole body.
type Response struct {
	StatusCode int
	Header     http.Header
	Body       []byte
}

// FaultCode returns the code of a problem response, and "" for any other response.
func (r Response) FaultCode() fault.Code {
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if r.StatusCode < http.StatusBadRequest || kind != problem.ContentType {
		return ""
	}
	f, err := problem.ReadFault(bytes.NewReader(r.Body))
	if err != nil {
		return ""
	}
	return f.Code
}

// Open sends a request once and returns its response, whatever the status. The caller closes the body.
func (c *Client) Open(ctx context.Context, q Request) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, cmp.Or(q.Method, http.MethodGet), c.base+q.Path, bytes.NewReader(q.Body))
	if err != nil {
		return nil, err
	}
	// Otherwise the transport would repeat a request with an idempotency key without the caller's knowledge.
	req.GetBody = nil
	if q.OnSent != nil && len(q.Body) > 0 {
		req.Body = io.NopCloser(&sentCounter{reader: req.Body, onSent: q.OnSent})
	}
	maps.Copy(req.Header, c.header)
	for name, value := range map[string]string{
		"Content-Type": q.ContentType, "Accept": q.Accept, "Idempotency-Key": q.IdempotencyKey,
		"If-Match": q.IfMatch, "Prefer": q.Prefer,
	} {
		if value != "" {
			req.Header.Set(name, value)
		}
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	return c.http.Do(req)
}

// Send sends a request once and reads its response, whatever the status. An error is a failure of the connection.
func (c *Client) Send(ctx context.Context, q Request) (Response, error) {
	resp, err := c.Open(ctx, q)
	if err != nil {
		return Response{}, err
	}
	defer resp.Body.Close()
	r := Response{StatusCode: resp.StatusCode, Header: resp.Header}
	r.Body, err = io.ReadAll(io.LimitReader(resp.Body, maxResponseBytes))
	return r, err
}

// sentCounter counts the bytes of a request's body that were read.
type sentCounter struct {
	reader io.Reader
	total  int
	onSent func(total int)
}

// Read implements io.Reader.
func (c *sentCounter) Read(b []byte) (int, error) {
	n, err := c.reader.Read(b)
	c.total += n
	c.onSent(c.total)
	return n, err
}
