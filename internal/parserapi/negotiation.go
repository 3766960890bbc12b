package parserapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"strings"
	"sync/atomic"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/fault"
)

// legacyPeriod is how long a parser without /v1/parse counts as one of the earlier system before the client checks
// again.
const legacyPeriod = 5 * time.Minute

// generation is what the client knows about the parser's routes. It is safe for concurrent use.
type generation struct {
	isModern    atomic.Bool  // /v1/parse was seen
	legacyUntil atomic.Int64 // Unix nanoseconds: until then the parser counts as one without it
}

// requestNegotiated makes the requests of one call, with the route that the parser has.
func (c *Client) requestNegotiated(ctx context.Context, src source) (document.Document, error) {
	legacy, err := c.isLegacy(ctx)
	if err != nil {
		return document.Document{}, err
	}
	if !legacy {
		doc, err := c.requestDocument(ctx, src)
		if !errors.Is(err, errNoRoute) {
			return doc, err
		}
		c.rememberGeneration(true) // an older parser has replaced it
	}
	return c.requestLegacy(ctx, src)
}

// isLegacy reports whether the parser lacks /v1/parse. It sends an empty request: a server that answers 404 to a
// document may close the connection before it has read the document, which can lose the answer.
func (c *Client) isLegacy(ctx context.Context) (bool, error) {
	if c.generation.isModern.Load() {
		return false, nil
	}
	if c.clock().UnixNano() < c.generation.legacyUntil.Load() {
		return true, nil
	}
	a, err := c.sendGet(ctx, routeParse)
	if err != nil {
		return false, err
	}
	if a.status >= http.StatusInternalServerError { // most likely from a proxy, which does not know the routes
		return false, parserFailure(fault.ParserUnavailable, a.unexpectedAnswer())
	}
	legacy := a.status == http.StatusNotFound
	c.rememberGeneration(legacy)
	return legacy, nil
}

func (c *Client) rememberGeneration(legacy bool) {
	c.generation.isModern.Store(!legacy)
	if legacy {
		c.generation.legacyUntil.Store(c.clock().Add(legacyPeriod).UnixNano())
		c.logger.Warn("the parser has no "+routeParse+", its earlier route is used", "again_in", legacyPeriod)
	}
}

// requestLegacy uses the route of the earlier system. Its 500 means only that this document failed: it has no codes.
func (c *Client) requestLegacy(ctx context.Context, src source) (document.Document, error) {
	form, contentType, err := newLegacyForm(src)
	if err != nil {
		return document.Document{}, err
	}
	a, err := c.sendDocument(ctx, routeLegacy, contentType, form)
	if err != nil {
		return document.Document{}, err
	}
	var said legacyError
	explained := json.Unmarshal(a.body, &said) == nil && said.Error != ""
	switch {
	case a.status == http.StatusOK:
		doc, err := decodeLegacy(a.body)
		if err != nil && fault.CodeOf(err) != fault.UnrecognizedDocument {
			err = parserFailure(fault.ParserUnavailable, err)
		}
		return doc, err
	case a.status == http.StatusBadRequest && explained:
		return document.Document{}, fault.New(fault.NotAPDF)
	case a.status == http.StatusInternalServerError && explained:
		return document.Document{}, fault.New(fault.Corrupt)
	case a.status == http.StatusNotFound: // neither route: try both next time
		c.generation.legacyUntil.Store(0)
	}
	return document.Document{}, a.toFault()
}

// newLegacyForm wraps a document into the form that the earlier parser accepts.
func newLegacyForm(src source) (source, string, error) {
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
