//go:build chaos

package chaos

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// bound is within how long each request must have ended, whatever happens behind the API.
const bound = 10 * time.Second

// client is one owner of jobs, who sends requests to all APIs.
type client struct {
	owner, token string
	http         *http.Client
	tally        *tally
}

func newClient(owner string, tally *tally) (*client, error) {
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
		"sub": owner, "exp": time.Now().Add(24 * time.Hour).Unix(), "roles": []string{"priority"},
	}).SignedString([]byte(jwtSecret))
	return &client{owner: owner, token: token, tally: tally, http: &http.Client{
		Timeout: bound, Transport: &http.Transport{MaxIdleConnsPerHost: 16},
	}}, err
}

// answer is what came of a request: a status, or an error of the connection.
type answer struct {
	status int
	body   []byte
	code   string // of the problem
	at     string // Location
	retry  string // Retry-After
	took   time.Duration
	err    error
}

// unclear says that the request may or may not have done its work.
func (a answer) unclear() bool { return a.err != nil || a.status >= 500 }

func (a answer) String() string {
	switch {
	case a.err != nil:
		return a.err.Error()
	case a.code != "":
		return fmt.Sprintf("%d %s", a.status, a.code)
	}
	return fmt.Sprint(a.status)
}

// do sends a request to an API, which is named as the world names it.
func (c *client) do(ctx context.Context, base, via, method, path, contentType, key string, body []byte) answer {
	req, err := http.NewRequestWithContext(ctx, method, base+path, bytes.NewReader(body))
	if err != nil {
		return answer{err: err}
	}
	// Without it the transport would send a keyed request again by itself.
	req.GetBody = nil
	req.Header.Set("Authorization", "Bearer "+c.token)
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
	}
	began := time.Now()
	a := c.send(req)
	a.took = time.Since(began)
	if ctx.Err() == nil {
		c.tally.request(method+" "+route(path), via, began, a)
	}
	return a
}

func (c *client) send(req *http.Request) answer {
	res, err := c.http.Do(req)
	if err != nil {
		return answer{err: plain(err)}
	}
	defer res.Body.Close()
	a := answer{status: res.StatusCode, at: res.Header.Get("Location"), retry: res.Header.Get("Retry-After")}
	if a.body, a.err = io.ReadAll(res.Body); a.err != nil {
		return a
	}
	if a.status >= http.StatusBadRequest {
		var problem struct{ Code string }
		kind, _, _ := mime.ParseMediaType(res.Header.Get("Content-Type"))
		if json.Unmarshal(a.body, &problem) == nil && kind == "application/problem+json" {
			a.code = problem.Code
		}
	}
	return a
}

// errTooLate says that a request did not end within its bound.
var errTooLate = errors.New("no answer in time")

// plain is an error of the connection without its addresses, to be counted.
func plain(err error) error {
	var late interface{ Timeout() bool }
	if errors.As(err, &late) && late.Timeout() {
		return errTooLate
	}
	for next := errors.Unwrap(err); next != nil; next = errors.Unwrap(err) {
		err = next
	}
	return err
}

// route is a path without what names a job or a timeline.
func route(path string) string {
	path, _, _ = strings.Cut(path, "?")
	if strings.HasPrefix(path, statusPath) {
		return statusPath + "{id}"
	}
	if strings.HasSuffix(path, "/load") {
		return "/api/timeline/{id}/load"
	}
	return path
}

const statusPath = "/api/timeline/status/"

// status is a job as the API tells it.
type status struct {
	JobID      string
	Status     string
	Attempt    int
	Version    int64
	UpdatedAt  time.Time
	FinishedAt *time.Time
	Error      *struct{ Code string }
	Data       json.RawMessage
}

func (s status) final() bool { return s.Status == "done" || s.Status == "failed" }

// digest names a result. A saved timeline tells its id and name as well.
func (s status) digest() string {
	sum := sha256.Sum256(s.Data)
	return hex.EncodeToString(sum[:8])
}
