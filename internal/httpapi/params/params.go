// Package params reads the parts of a request: the path, the query and the body. The fault of an invalid value names
// the parameter and the valid values.
package params

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/go-chi/chi/v5"

	"github.com/trackmydegree/trackmydegree/internal/fault"
)

// PathValue is a part of the path, unescaped once. A value of more than maxBytes bytes, or with a control character,
// names nothing: not_found.
func PathValue(r *http.Request, name string, maxBytes int) (string, error) {
	s := chi.URLParam(r, name)
	if r.URL.RawPath != "" { // otherwise the router has matched the path that net/http unescaped
		var err error
		if s, err = url.PathUnescape(s); err != nil {
			return "", fault.New(fault.NotFound)
		}
	}
	if len(s) > maxBytes || strings.ContainsFunc(s, unicode.IsControl) {
		return "", fault.New(fault.NotFound)
	}
	return s, nil
}

// PageLimit is the parameter limit: the greatest length of a page, 0 when it is absent.
func PageLimit(query url.Values, most int) (int, error) {
	if !query.Has("limit") {
		return 0, nil
	}
	n, err := strconv.Atoi(query.Get("limit"))
	if err != nil || n < 1 || n > most {
		return 0, fault.WithDetail(fault.BadRequest, fmt.Sprintf("limit is a number from 1 to %d.", most))
	}
	return n, nil
}

// ParseBool reads value, or returns missing for "".
func ParseBool(name, value string, missing bool) (bool, error) {
	if value == "" {
		return missing, nil
	}
	b, err := strconv.ParseBool(value)
	if err != nil {
		return false, &fault.Error{Code: fault.BadRequest, Detail: name + " is true or false.", Cause: errors.New("not a boolean")}
	}
	return b, nil
}

// ParseAge reads a duration above 0 such as 90m; "" is 0.
func ParseAge(name, value string) (time.Duration, error) {
	if value == "" {
		return 0, nil
	}
	d, err := time.ParseDuration(value)
	if err != nil || d <= 0 {
		return 0, &fault.Error{
			Code: fault.BadRequest, Detail: name + " is a duration above 0, such as 90m or 36h.", Cause: errors.New("not a duration"),
		}
	}
	return d, nil
}
