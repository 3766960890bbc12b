package httpapi

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode"

	"github.com/go-chi/chi/v5"
	"github.com/klauspost/compress/gzip"

	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/fault"
)

// Limits of what is asked of the catalogue, in bytes. They also bound the keys of the cache.
const (
	maxName   = 200
	maxSearch = 100
	maxCode   = 16
)

// kept is a response as the cache keeps it: a tag for its text, then the text as gzip.
type kept []byte

const (
	tagSize = 16
	// keptForm begins every key: another layout gets another one, and never meets what an older version kept.
	keptForm = "v1:"
)

// keep makes a response of v.
func keep(v any) (kept, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return keepText(text)
}

func keepText(text []byte) (kept, error) {
	sum := sha256.Sum256(text)
	var b bytes.Buffer
	b.Write(sum[:tagSize])
	w := gzip.NewWriter(&b)
	if _, err := w.Write(text); err != nil {
		return nil, fmt.Errorf("compress a response: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("compress a response: %w", err)
	}
	return b.Bytes(), nil
}

// write answers with k, or 304 to a client that has it.
func (k kept) write(w http.ResponseWriter, r *http.Request) error {
	if len(k) <= tagSize {
		return errors.New("a kept response is too short")
	}
	if setTag(w, r, hex.EncodeToString(k[:tagSize]), true) {
		return notModified(w)
	}
	return writePacked(w, r, http.StatusOK, nil, k[tagSize:], nil)
}

// cached answers from the cache, which read fills. The key is made of what was asked for.
func (a *API) cached(w http.ResponseWriter, r *http.Request, key string, read func(ctx context.Context) (any, error)) error {
	b, err := a.cache.GetOrFill(r.Context(), keptForm+key, a.cacheTTL, func(ctx context.Context) ([]byte, error) {
		v, err := read(ctx)
		if err != nil {
			return nil, err
		}
		return keep(v)
	})
	if err != nil {
		return err
	}
	// A client may use its copy only after it has asked: a new catalogue shows at once.
	w.Header().Set("Cache-Control", "private, no-cache")
	return kept(b).write(w, r)
}

func (a *API) degrees(w http.ResponseWriter, r *http.Request) error {
	return a.cached(w, r, "degrees", func(ctx context.Context) (any, error) {
		degrees, err := a.catalogue.Degrees(ctx)
		return struct {
			Degrees []catalogue.Degree `json:"degrees"`
		}{emptyNotNull(degrees)}, err
	})
}

func (a *API) degree(w http.ResponseWriter, r *http.Request) error {
	id, err := parameter(r, "id", maxName)
	if err != nil {
		return err
	}
	return a.cached(w, r, "degree:"+id, func(ctx context.Context) (any, error) { return a.catalogue.Degree(ctx, id) })
}

func (a *API) pools(w http.ResponseWriter, r *http.Request) error {
	id, err := parameter(r, "id", maxName)
	if err != nil {
		return err
	}
	return a.cached(w, r, "pools:"+id, func(ctx context.Context) (any, error) {
		pools, err := a.catalogue.Pools(ctx, id)
		return struct {
			Pools []catalogue.Pool `json:"pools"`
		}{emptyNotNull(pools)}, err
	})
}

// courses answers with a page of courses. The next page begins after the last code.
func (a *API) courses(w http.ResponseWriter, r *http.Request) error {
	q, key, err := courseQuery(r.URL.Query())
	if err != nil {
		return err
	}
	return a.cached(w, r, key, func(ctx context.Context) (any, error) {
		courses, next, err := a.catalogue.Courses(ctx, q)
		return struct {
			Courses []catalogue.Course `json:"courses"`
			Next    string             `json:"next,omitempty"`
		}{emptyNotNull(courses), next}, err
	})
}

func (a *API) course(w http.ResponseWriter, r *http.Request) error {
	code, err := parameter(r, "code", maxCode)
	if err != nil {
		return err
	}
	code = strings.ToUpper(code)
	return a.cached(w, r, "course:"+code, func(ctx context.Context) (any, error) { return a.catalogue.Course(ctx, code) })
}

// courseQuery reads the query of the courses and gives it one spelling as a key.
func courseQuery(values url.Values) (catalogue.CourseQuery, string, error) {
	q := catalogue.CourseQuery{
		Search: strings.Join(strings.Fields(strings.ToLower(values.Get("search"))), " "),
		Pool:   values.Get("pool"),
		Prefix: strings.ToUpper(values.Get("prefix")),
		After:  strings.ToUpper(values.Get("after")),
	}
	for _, f := range []struct {
		name, value string
		most        int
	}{{"search", q.Search, maxSearch}, {"pool", q.Pool, maxName}, {"prefix", q.Prefix, maxCode}, {"after", q.After, maxCode}} {
		if len(f.value) > f.most {
			return q, "", fault.Detailed(fault.BadRequest, fmt.Sprintf("%s is longer than %d characters.", f.name, f.most))
		}
		if strings.ContainsFunc(f.value, unicode.IsControl) {
			return q, "", fault.Detailed(fault.BadRequest, f.name+" holds a control character. Leave it out.")
		}
	}
	var err error
	if q.Limit, err = limit(values, catalogue.MaxCourses); err != nil {
		return q, "", err
	}
	key := url.Values{
		"search": {q.Search}, "pool": {q.Pool}, "prefix": {q.Prefix}, "after": {q.After}, "limit": {strconv.Itoa(q.Page())},
	}
	return q, "courses:" + key.Encode(), nil
}

// limit is how long a page may be, 0 when the client leaves it open.
func limit(values url.Values, most int) (int, error) {
	if !values.Has("limit") {
		return 0, nil
	}
	n, err := strconv.Atoi(values.Get("limit"))
	if err != nil || n < 1 || n > most {
		return 0, fault.Detailed(fault.BadRequest, fmt.Sprintf("limit is a number from 1 to %d.", most))
	}
	return n, nil
}

// parameter is a part of the path, unescaped. What is too long names nothing.
func parameter(r *http.Request, name string, most int) (string, error) {
	s := chi.URLParam(r, name)
	if r.URL.RawPath != "" { // else the router has matched the path as net/http unescaped it, and once is enough
		var err error
		if s, err = url.PathUnescape(s); err != nil {
			return "", fault.New(fault.NotFound)
		}
	}
	if len(s) > most || strings.ContainsFunc(s, unicode.IsControl) {
		return "", fault.New(fault.NotFound)
	}
	return s, nil
}

// emptyNotNull makes a list of nothing "[]" in JSON.
func emptyNotNull[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
