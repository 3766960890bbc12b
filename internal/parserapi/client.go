package parserapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/trackmydegree/trackmydegree/internal/budget"
	"github.com/trackmydegree/trackmydegree/internal/dependency"
	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/problem"
	"github.com/trackmydegree/trackmydegree/internal/tracing"
)

// defaultTimeout bounds a call where ClientDeps says nothing: the deadline of a document and a wait for a child.
const defaultTimeout = budget.ParserCall

// maxAnswer bounds an answer, in bytes.
const maxAnswer = 8 << 20

// ClientDeps are the dependencies of a Client.
type ClientDeps struct {
	// BaseURL is the parser, such as "http://127.0.0.1:15001".
	BaseURL string
	// Timeout bounds one call, all its requests together; 0 is defaultTimeout.
	Timeout time.Duration
	// HTTPClient is used unchanged; nil is one that follows no redirect and uses no proxy.
	HTTPClient *http.Client
	// MaxCalls bounds the documents at the parser at the same time; further calls wait within Timeout. 0 sets no limit.
	MaxCalls int
	// Pause is how long the client does not call a parser that failed; 0 is budget.ParserPause.
	Pause      time.Duration
	Logger     *slog.Logger
	Registerer prometheus.Registerer
	Clock      func() time.Time
}

// Client sends documents to a parser over HTTP. It is safe for concurrent use.
type Client struct {
	base    string
	timeout time.Duration
	http    *http.Client
	logger  *slog.Logger
	clock   func() time.Time
	gate    *gate

	generation generation
}

// NewClient returns a Client of the parser at d.BaseURL. It sends nothing yet. A missing dependency is an error.
func NewClient(d ClientDeps) (*Client, error) {
	if err := dependency.Require("parserapi", d, "BaseURL", "Logger", "Registerer", "Clock"); err != nil {
		return nil, err
	}
	u, err := url.Parse(d.BaseURL)
	if err != nil {
		return nil, errors.New("the parser's address cannot be read: write it as http://host:port") // err repeats it
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("parser's address %q: write it as http://host:port", u.Redacted())
	}
	c := &Client{base: strings.TrimRight(u.String(), "/"), timeout: d.Timeout, http: d.HTTPClient, logger: d.Logger, clock: d.Clock}
	if c.timeout == 0 {
		c.timeout = defaultTimeout
	}
	if c.http == nil {
		c.http = &http.Client{Transport: newTransport(), CheckRedirect: refuseRedirect}
	}
	c.gate = newGate(d, c.logger, c.Check)
	return c, nil
}

func newTransport() *http.Transport {
	return &http.Transport{
		DialContext:            (&net.Dialer{Timeout: 3 * time.Second}).DialContext,
		TLSHandshakeTimeout:    3 * time.Second,
		MaxIdleConnsPerHost:    64,
		IdleConnTimeout:        budget.ParserIdleConnection, // the server keeps them longer
		MaxResponseHeaderBytes: 64 << 10,
		DisableCompression:     true, // the connection stays within the pod
	}
}

func refuseRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// Close closes idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Check requests the parser's /health, which both generations have, and returns parser_unavailable unless it answers
// 200.
func (c *Client) Check(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	a, err := c.sendGet(ctx, routeHealth)
	if err != nil {
		return err
	}
	if a.status != http.StatusOK {
		return parserFailure(fault.ParserUnavailable, a.unexpectedAnswer())
	}
	return nil
}

// Parse sends a document to the parser and returns its facts. It returns the fault of the document with its code;
// parser_unavailable for a parser that is unreachable, has no room or gives an invalid answer; timeout for one that
// takes too long; storage_unavailable for a reader that fails. After three consecutive failures of the parser, calls
// fail at once for a while. A file is streamed; other readers are read into memory first.
func (c *Client) Parse(ctx context.Context, pdf io.Reader) (document.Document, error) {
	src, err := newSource(pdf)
	if err != nil {
		return document.Document{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	ctx, span := tracing.StartClient(ctx, "call parser")
	doc, err := c.gate.runCall(ctx, func(ctx context.Context) (document.Document, error) { return c.requestNegotiated(ctx, src) })
	span.EndWith(err)
	return doc, err
}

var errNoRoute = errors.New("no such route")

func (c *Client) requestDocument(ctx context.Context, src source) (document.Document, error) {
	a, err := c.sendDocument(ctx, routeParse, pdfType, src)
	if err != nil {
		return document.Document{}, err
	}
	switch a.status {
	case http.StatusOK:
		doc, err := decodeDocument(a.body)
		if err != nil {
			return document.Document{}, parserFailure(fault.ParserUnavailable, err)
		}
		return doc, nil
	case http.StatusNotFound, http.StatusMethodNotAllowed:
		return document.Document{}, fault.Wrap(fault.ParserUnavailable, errNoRoute)
	}
	return document.Document{}, a.toFault()
}

// answer is a response with its whole body.
type answer struct {
	status int
	kind   string // media type
	body   []byte
}

func (c *Client) sendGet(ctx context.Context, route string) (answer, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+route, nil)
	if err != nil {
		return answer{}, fault.Wrap(fault.ParserUnavailable, err)
	}
	return c.doRequest(req)
}

func (c *Client) sendDocument(ctx context.Context, route, contentType string, src source) (answer, error) {
	body := &observed{Reader: src.open()}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+route, body)
	if err != nil {
		return answer{}, fault.Wrap(fault.ParserUnavailable, err)
	}
	req.ContentLength = src.size
	if src.size == 0 {
		req.Body = http.NoBody
	}
	// For a connection that the server closed before the first byte was written.
	req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(src.open()), nil }
	req.Header.Set("Content-Type", contentType)
	if id := problem.RequestID(ctx); id != "" {
		req.Header.Set(problem.RequestIDHeader, id)
	}
	tracing.InjectHeader(ctx, req.Header)
	a, err := c.doRequest(req)
	if readErr := body.readError(); err != nil && readErr != nil {
		return answer{}, fault.Wrap(fault.StorageUnavailable, fmt.Errorf("read document: %w", readErr))
	}
	return a, err
}

func (c *Client) doRequest(req *http.Request) (answer, error) {
	res, err := c.http.Do(req)
	if err != nil {
		return answer{}, callFailure(req.Context(), err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if err != nil {
		return answer{}, callFailure(req.Context(), err)
	}
	if len(body) > maxAnswer {
		return answer{}, parserFailure(fault.ParserUnavailable, errors.New("the answer is too long"))
	}
	kind, _, _ := mime.ParseMediaType(res.Header.Get("Content-Type"))
	return answer{status: res.StatusCode, kind: kind, body: body}, nil
}

func callFailure(ctx context.Context, err error) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return parserFailure(fault.Timeout, err)
	}
	return parserFailure(fault.ParserUnavailable, err)
}

// passed are the codes that a parser may return. Others mean a wrong address or a broken parser.
var passed = []fault.Code{
	fault.NotAPDF, fault.UnsupportedKind, fault.TooLarge, fault.Encrypted, fault.NoText, fault.Corrupt,
	fault.UnrecognizedDocument, fault.TooManyPages, fault.TooComplex, fault.ParserUnavailable, fault.Timeout,
}

// toFault is the fault that an answer other than 200 means.
func (a answer) toFault() error {
	if a.kind == problem.ContentType {
		if f, err := problem.ReadFault(bytes.NewReader(a.body)); err == nil && slices.Contains(passed, f.Code) {
			return f
		}
	}
	if a.status == http.StatusRequestEntityTooLarge { // from a proxy in between
		return fault.Wrap(fault.TooLarge, a.unexpectedAnswer())
	}
	return parserFailure(fault.ParserUnavailable, a.unexpectedAnswer())
}

func (a answer) unexpectedAnswer() error {
	return fmt.Errorf("the parser answered %d with %d bytes of %q", a.status, len(a.body), a.kind)
}

func decodeDocument(b []byte) (document.Document, error) {
	var d document.Document
	if err := json.Unmarshal(b, &d); err != nil {
		return document.Document{}, fmt.Errorf("decode facts: %w", err)
	}
	if d.Kind != document.Transcript && d.Kind != document.Letter {
		return document.Document{}, errors.New("decode facts: no kind")
	}
	return d, nil
}
