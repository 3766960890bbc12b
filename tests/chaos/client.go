//go:build chaos

package chaos

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/trackmydegree/trackmydegree/internal/apiclient"
	"github.com/trackmydegree/trackmydegree/internal/fault"
)

// requestTimeout is the time within which each request must end, whatever fails behind the API.
const requestTimeout = 10 * time.Second

// client is one owner of jobs. It sends requests to all APIs and never repeats one on its own.
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
		Timeout: requestTimeout, Transport: &http.Transport{MaxIdleConnsPerHost: 16},
	}}, err
}

// answer is the result of a request: a response, or an error of the connection.
type answer struct {
	status     int
	body       []byte
	code       fault.Code // of a problem response
	location   string
	retryAfter string
	took       time.Duration
	err        error
}

// isUnclear reports whether the request may have taken effect although it failed.
func (a answer) isUnclear() bool { return a.err != nil || a.status >= 500 }

func (a answer) String() string {
	switch {
	case a.err != nil:
		return a.err.Error()
	case a.code != "":
		return fmt.Sprintf("%d %s", a.status, a.code)
	}
	return fmt.Sprint(a.status)
}

// target is an API: its name, and its address behind the link of its clients.
type target struct{ name, url string }

// send sends a request to an API and counts the answer.
func (c *client) send(ctx context.Context, to target, q apiclient.Request) answer {
	api := apiclient.New(apiclient.Options{BaseURL: to.url, Token: c.token, HTTP: c.http})
	began := time.Now()
	resp, err := api.Send(ctx, q)
	a := answer{
		status: resp.StatusCode, body: resp.Body, code: resp.FaultCode(), took: time.Since(began),
		location: resp.Header.Get("Location"), retryAfter: resp.Header.Get("Retry-After"), err: rootError(err),
	}
	if ctx.Err() == nil {
		c.tally.countRequest(q.Method+" "+routePattern(q.Path), to.name, began, a)
	}
	return a
}

// errTooLate reports that a request did not end within requestTimeout.
var errTooLate = errors.New("no answer in time")

// rootError returns the innermost error of a connection, without its addresses, so that equal errors can be counted.
func rootError(err error) error {
	var late interface{ Timeout() bool }
	if errors.As(err, &late) && late.Timeout() {
		return errTooLate
	}
	for next := errors.Unwrap(err); next != nil; next = errors.Unwrap(err) {
		err = next
	}
	return err
}

// routePattern returns a path without the ids of jobs and timelines.
func routePattern(path string) string {
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

// digestOf identifies the result in a status. The result of a saved timeline has its id and name as well.
func digestOf(s apiclient.JobStatus) string {
	sum := sha256.Sum256(s.Data)
	return hex.EncodeToString(sum[:8])
}
