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
	"mime/multipart"
	"net"
	"net/http"
	"net/textproto"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/trackmydegree/trackmydegree/internal/budget"
	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/problem"
)

// DefaultTimeout is the time of a call when the configuration says nothing: a document's deadline and a wait for a child.
const DefaultTimeout = budget.ParserCall

// legacyFor is how long a parser without /v1/parse is taken for one of the earlier system.
const legacyFor = 5 * time.Minute

// maxAnswer bounds what is read of an answer.
const maxAnswer = 8 << 20

// ClientConfig is what a Client needs.
type ClientConfig struct {
	// BaseURL is the parser, as in "http://127.0.0.1:15001".
	BaseURL string
	// Timeout limits one call, all its requests together.
	Timeout time.Duration
	// HTTPClient is used as it is; nil means one that follows no redirect and uses no proxy.
	HTTPClient *http.Client
	// MaxCalls is how many documents are at the parser at the same time; what is beyond waits within Timeout. 0 sets no
	// limit.
	MaxCalls int
	// Pause is how long a parser that failed is left alone; 0: 2 s.
	Pause      time.Duration
	Logger     *slog.Logger
	Registerer prometheus.Registerer // nil measures nothing
	Clock      func() time.Time
}

// Client asks a parser over HTTP.
type Client struct {
	base    string
	timeout time.Duration
	http    *http.Client
	log     *slog.Logger
	now     func() time.Time
	gate    *gate

	// modern is set once /v1/parse was seen; legacyUntil, in Unix nanoseconds, when it was seen to be missing.
	modern      atomic.Bool
	legacyUntil atomic.Int64
}

// NewClient returns a Client of the parser at cfg.BaseURL. Nothing is asked yet.
func NewClient(cfg ClientConfig) (*Client, error) {
	u, err := url.Parse(cfg.BaseURL)
	if err != nil {
		return nil, errors.New("the parser's address cannot be read: write it as http://host:port") // err repeats it
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("parser's address %q: write it as http://host:port", u.Redacted())
	}
	c := &Client{base: strings.TrimRight(u.String(), "/"), timeout: cfg.Timeout, http: cfg.HTTPClient, log: cfg.Logger, now: cfg.Clock}
	if c.timeout == 0 {
		c.timeout = DefaultTimeout
	}
	if c.http == nil {
		c.http = &http.Client{Transport: newTransport(), CheckRedirect: refuseRedirect}
	}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	if c.now == nil {
		c.now = time.Now
	}
	c.gate = newGate(cfg, c.log, c.Check)
	return c, nil
}

func newTransport() *http.Transport {
	return &http.Transport{
		DialContext:            (&net.Dialer{Timeout: 3 * time.Second}).DialContext,
		TLSHandshakeTimeout:    3 * time.Second,
		MaxIdleConnsPerHost:    64,
		IdleConnTimeout:        budget.ParserIdleConnection, // shorter than the server keeps them
		MaxResponseHeaderBytes: 64 << 10,
		DisableCompression:     true, // a copy within the pod
	}
}

func refuseRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// Close ends idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Check asks the parser's /health, which both generations have.
func (c *Client) Check(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	a, err := c.get(ctx, routeHealth)
	if err != nil {
		return err
	}
	if a.status != http.StatusOK {
		return failed(fault.ParserUnavailable, a.unexpected())
	}
	return nil
}

// Parse has the parser read a document. Faults of the document come back with their code; a parser that cannot be
// reached, has no room or answers nonsense is parser_unavailable, one that takes too long timeout, and bytes that cannot
// be read storage_unavailable. After three failures of the parser in a row, calls fail at once for a while. A file is
// streamed; other readers are read into memory first.
func (c *Client) Parse(ctx context.Context, pdf io.Reader) (document.Document, error) {
	src, err := newSource(pdf)
	if err != nil {
		return document.Document{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	return c.gate.through(ctx, func(ctx context.Context) (document.Document, error) { return c.ask(ctx, src) })
}

// ask makes the requests of one call, with the route that the parser has.
func (c *Client) ask(ctx context.Context, src source) (document.Document, error) {
	legacy, err := c.isLegacy(ctx)
	if err != nil {
		return document.Document{}, err
	}
	if !legacy {
		doc, err := c.parse(ctx, src)
		if !errors.Is(err, errNoRoute) {
			return doc, err
		}
		c.remember(true) // it was replaced by an older one
	}
	return c.parseLegacy(ctx, src)
}

// isLegacy asks for the route with an empty request: a server that answers 404 to a document may close the connection
// before it has read it, and the answer can be lost with it.
func (c *Client) isLegacy(ctx context.Context) (bool, error) {
	if c.modern.Load() {
		return false, nil
	}
	if c.now().UnixNano() < c.legacyUntil.Load() {
		return true, nil
	}
	a, err := c.get(ctx, routeParse)
	if err != nil {
		return false, err
	}
	if a.status >= http.StatusInternalServerError { // a proxy, most likely, that knows nothing of the routes
		return false, failed(fault.ParserUnavailable, a.unexpected())
	}
	legacy := a.status == http.StatusNotFound
	c.remember(legacy)
	return legacy, nil
}

func (c *Client) remember(legacy bool) {
	c.modern.Store(!legacy)
	if legacy {
		c.legacyUntil.Store(c.now().Add(legacyFor).UnixNano())
		c.log.Warn("the parser has no "+routeParse+", its earlier route is used", "again_in", legacyFor)
	}
}

var errNoRoute = errors.New("no such route")

func (c *Client) parse(ctx context.Context, src source) (document.Document, error) {
	a, err := c.post(ctx, routeParse, pdfType, src)
	if err != nil {
		return document.Document{}, err
	}
	switch a.status {
	case http.StatusOK:
		doc, err := decodeDocument(a.body)
		if err != nil {
			return document.Document{}, failed(fault.ParserUnavailable, err)
		}
		return doc, nil
	case http.StatusNotFound, http.StatusMethodNotAllowed:
		return document.Document{}, fault.Wrap(fault.ParserUnavailable, errNoRoute)
	}
	return document.Document{}, a.fault()
}

// parseLegacy uses the route of the earlier system. Its 500 says only that it failed at this document: it has no codes.
func (c *Client) parseLegacy(ctx context.Context, src source) (document.Document, error) {
	form, contentType, err := formOf(src)
	if err != nil {
		return document.Document{}, err
	}
	a, err := c.post(ctx, routeLegacy, contentType, form)
	if err != nil {
		return document.Document{}, err
	}
	var said legacyError
	explained := json.Unmarshal(a.body, &said) == nil && said.Error != ""
	switch {
	case a.status == http.StatusOK:
		doc, err := decodeLegacy(a.body)
		if err != nil && fault.CodeOf(err) != fault.UnrecognizedDocument {
			err = failed(fault.ParserUnavailable, err)
		}
		return doc, err
	case a.status == http.StatusBadRequest && explained:
		return document.Document{}, fault.New(fault.NotAPDF)
	case a.status == http.StatusInternalServerError && explained:
		return document.Document{}, fault.New(fault.Corrupt)
	case a.status == http.StatusNotFound: // neither route: ask for both next time
		c.legacyUntil.Store(0)
	}
	return document.Document{}, a.fault()
}

// answer is a response, read to its end.
type answer struct {
	status int
	kind   string // media type
	body   []byte
}

func (c *Client) get(ctx context.Context, route string) (answer, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+route, nil)
	if err != nil {
		return answer{}, fault.Wrap(fault.ParserUnavailable, err)
	}
	return c.do(req)
}

func (c *Client) post(ctx context.Context, route, contentType string, src source) (answer, error) {
	body := &observed{Reader: src.open()}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+route, body)
	if err != nil {
		return answer{}, fault.Wrap(fault.ParserUnavailable, err)
	}
	req.ContentLength = src.size
	if src.size == 0 {
		req.Body = http.NoBody
	}
	// For a connection that turns out to be closed before the first byte is written.
	req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(src.open()), nil }
	req.Header.Set("Content-Type", contentType)
	if id := problem.RequestID(ctx); id != "" {
		req.Header.Set(problem.RequestIDHeader, id)
	}
	a, err := c.do(req)
	if readErr := body.failure(); err != nil && readErr != nil {
		return answer{}, fault.Wrap(fault.StorageUnavailable, fmt.Errorf("read document: %w", readErr))
	}
	return a, err
}

func (c *Client) do(req *http.Request) (answer, error) {
	res, err := c.http.Do(req)
	if err != nil {
		return answer{}, unreachable(req.Context(), err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if err != nil {
		return answer{}, unreachable(req.Context(), err)
	}
	if len(body) > maxAnswer {
		return answer{}, failed(fault.ParserUnavailable, errors.New("an answer without an end"))
	}
	kind, _, _ := mime.ParseMediaType(res.Header.Get("Content-Type"))
	return answer{status: res.StatusCode, kind: kind, body: body}, nil
}

func unreachable(ctx context.Context, err error) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return failed(fault.Timeout, err)
	}
	return failed(fault.ParserUnavailable, err)
}

// passed are the codes that a parser may give; others tell of a wrong address or a broken parser.
var passed = []fault.Code{
	fault.NotAPDF, fault.UnsupportedKind, fault.TooLarge, fault.Encrypted, fault.NoText, fault.Corrupt,
	fault.UnrecognizedDocument, fault.TooManyPages, fault.TooComplex, fault.ParserUnavailable, fault.Timeout,
}

// fault is the fault that an answer other than 200 stands for.
func (a answer) fault() error {
	if a.kind == problem.ContentType {
		if f, err := problem.Read(bytes.NewReader(a.body)); err == nil && slices.Contains(passed, f.Code) {
			return f
		}
	}
	if a.status == http.StatusRequestEntityTooLarge { // of a proxy in between
		return fault.Wrap(fault.TooLarge, a.unexpected())
	}
	return failed(fault.ParserUnavailable, a.unexpected())
}

func (a answer) unexpected() error {
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

// formOf wraps a document into the form that the earlier parser takes.
func formOf(src source) (source, string, error) {
	var head bytes.Buffer
	form := multipart.NewWriter(&head)
	header := textproto.MIMEHeader{}
	header.Set("Content-Disposition", `form-data; name="`+fieldFile+`"; filename="transcript.pdf"`)
	header.Set("Content-Type", pdfType)
	if _, err := form.CreatePart(header); err != nil {
		return source{}, "", fmt.Errorf("make form: %w", err)
	}
	tail := "\r\n--" + form.Boundary() + "--\r\n"
	return source{
		size: int64(head.Len()) + src.size + int64(len(tail)),
		open: func() io.Reader {
			return io.MultiReader(bytes.NewReader(head.Bytes()), src.open(), strings.NewReader(tail))
		},
	}, form.FormDataContentType(), nil
}
