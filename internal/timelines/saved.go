package timelines

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
)

// The rules of saved timelines that every store follows.
const (
	// MaxPage is the largest number of timelines of one page.
	MaxPage = 100
	// idLength is the length of a timeline's id: 12 bytes in lower-case hexadecimal.
	idLength = 24
)

// PageSize returns limit if it is between 1 and MaxPage, and MaxPage otherwise.
func PageSize(limit int) int {
	if limit < 1 || limit > MaxPage {
		return MaxPage
	}
	return limit
}

// ValidID reports whether id has the form of a timeline's id: a store need not look for any other.
func ValidID(id string) bool {
	return len(id) == idLength && strings.Trim(id, "0123456789abcdef") == ""
}

// ValidateSaved returns an error for a timeline that cannot be stored. Course codes are names of fields in a database,
// where a dot, a dollar sign or a zero byte has a special meaning.
func ValidateSaved(s timeline.Saved) error {
	for code := range s.States {
		if code == "" || strings.ContainsAny(code, ".$\x00") {
			return &fault.Error{Code: fault.InvalidForm, Fields: []fault.Field{
				{Path: "courses/" + code, Message: "A course code is letters, a space and a number."},
			}}
		}
	}
	return nil
}

// Position is a position in an owner's list, between two pages. It names the last timeline of a page, not its number,
// so that the next page stays right when timelines are added.
type Position struct {
	UpdatedAt time.Time
	ID        string
}

// EncodeCursor returns p in the form that clients receive, opaque to them.
func (p Position) EncodeCursor() string {
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(p.UpdatedAt.UnixMilli(), 10) + " " + p.ID))
}

// DecodeCursor reads what EncodeCursor wrote; bad_request for anything else.
func DecodeCursor(cursor string) (Position, error) {
	bad := fault.WithDetail(fault.BadRequest, "The cursor is not one that this list gave out. Begin again without one.")
	b, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	if err != nil {
		return Position{}, bad
	}
	at, id, _ := strings.Cut(string(b), " ")
	ms, err := strconv.ParseInt(at, 10, 64)
	if err != nil || !ValidID(id) {
		return Position{}, bad
	}
	p := Position{UpdatedAt: time.UnixMilli(ms).UTC(), ID: id}
	if p.EncodeCursor() != cursor {
		return Position{}, fmt.Errorf("another spelling: %w", bad)
	}
	return p, nil
}
