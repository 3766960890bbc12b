package job_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/job"
)

const ticketID job.ID = "6f1c7b9e-3c7e-4c2a-9d35-7a8f3f6f2f11"

var tickets = []job.Ticket{
	{ID: ticketID, Kind: job.File, Owner: "ann", CreatedAt: time.Date(2026, 11, 23, 12, 0, 0, 123456789, time.UTC)},
	{ID: ticketID, Kind: job.File, Owner: "ünïcode \"<owner>\" \x7f", Priority: job.High, CreatedAt: time.Unix(1, 0).UTC(), Claim: "ab12"},
	{ID: ticketID, Kind: job.Form, Owner: "ann", Priority: job.Low, CreatedAt: time.Unix(1, 0).UTC(), Input: []byte(`{"degree":"x"}`)},
	{ID: ticketID, Kind: job.TimelineData, Owner: "ann", CreatedAt: time.Unix(1, 0).UTC(), Input: []byte{0, 255, '<'}},
	{ID: ticketID, Kind: job.Plan, Owner: "ann", CreatedAt: time.Unix(1, 0).UTC(), Input: []byte(`{"timeline":{},"request":{}}`)},
}

func TestATicketComesBack(t *testing.T) {
	t.Parallel()
	for _, want := range tickets {
		b, err := want.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if got, err := job.DecodeTicket(ticketID, b); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%+v comes back as %+v, %v", want, got, err)
		}
		for n := range b { // a truncated ticket is invalid
			if _, err := job.DecodeTicket(ticketID, b[:n]); !errors.Is(err, job.ErrTicket) {
				t.Errorf("%q: %v", b[:n], err)
			}
		}
	}
	// The largest form, fully escaped, fits.
	large := tickets[2]
	large.Input, _ = json.Marshal(strings.Repeat("<", 64<<10))
	if b, err := large.Encode(); err != nil || len(b) > job.MaxTicket {
		t.Errorf("%d bytes, %v", len(b), err)
	}
}

func TestWhatIsNoTicket(t *testing.T) {
	t.Parallel()
	for name, b := range map[string]string{
		"nothing":               ``,
		"no JSON":               `%PDF-1.7`,
		"zeros":                 string(make([]byte, 100)),
		"null":                  `null`,
		"a list":                `[]`,
		"another job's":         `{"apiVersion":"v1","kind":"Pod","metadata":{}}`,
		"of another job":        `{"jobId":"00000000-0000-0000-0000-000000000000","kind":"file","owner":"o","createdAt":"2026-11-23T12:00:00Z"}`,
		"without an owner":      `{"jobId":"6f1c7b9e-3c7e-4c2a-9d35-7a8f3f6f2f11","kind":"file","createdAt":"2026-11-23T12:00:00Z"}`,
		"without a time":        `{"jobId":"6f1c7b9e-3c7e-4c2a-9d35-7a8f3f6f2f11","kind":"file","owner":"o"}`,
		"with a time of no one": `{"jobId":"6f1c7b9e-3c7e-4c2a-9d35-7a8f3f6f2f11","kind":"file","owner":"o","createdAt":"1901-01-01T00:00:00Z"}`,
		"of a strange kind":     `{"jobId":"6f1c7b9e-3c7e-4c2a-9d35-7a8f3f6f2f11","kind":"video","owner":"o","createdAt":"2026-11-23T12:00:00Z"}`,
		"of a strange priority": `{"jobId":"6f1c7b9e-3c7e-4c2a-9d35-7a8f3f6f2f11","kind":"file","owner":"o","priority":"now","createdAt":"2026-11-23T12:00:00Z"}`,
		"a form of nothing":     `{"jobId":"6f1c7b9e-3c7e-4c2a-9d35-7a8f3f6f2f11","kind":"body","owner":"o","createdAt":"2026-11-23T12:00:00Z"}`,
		"a plan of nothing":     `{"jobId":"6f1c7b9e-3c7e-4c2a-9d35-7a8f3f6f2f11","kind":"plan","owner":"o","createdAt":"2026-11-23T12:00:00Z"}`,
		"a file with an input":  `{"jobId":"6f1c7b9e-3c7e-4c2a-9d35-7a8f3f6f2f11","kind":"file","owner":"o","createdAt":"2026-11-23T12:00:00Z","input":"eA=="}`,
		"too long":              `{"jobId":"6f1c7b9e-3c7e-4c2a-9d35-7a8f3f6f2f11","kind":"file","owner":"o","createdAt":"2026-11-23T12:00:00Z"}` + strings.Repeat(" ", job.MaxTicket),
	} {
		if got, err := job.DecodeTicket(ticketID, []byte(b)); !errors.Is(err, job.ErrTicket) || !reflect.DeepEqual(got, job.Ticket{}) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	// An unknown field of a newer version does not lose the job.
	newer := `{"jobId":"6f1c7b9e-3c7e-4c2a-9d35-7a8f3f6f2f11","kind":"file","owner":"o","createdAt":"2026-11-23T12:00:00Z","novel":[{}]}`
	if _, err := job.DecodeTicket(ticketID, []byte(newer)); err != nil {
		t.Error(err)
	}
}

// Any bytes give a ticket that can be written again, or ErrTicket, which quotes nothing of them.
func FuzzDecodeTicket(f *testing.F) {
	for _, t := range tickets {
		b, err := t.Encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte(`{"jobId":"6f1c7b9e-3c7e-4c2a-9d35-7a8f3f6f2f11","kind":"body","owner":"secret","createdAt":"2026-11-23T12:00:00+14:00","input":"secret"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := job.DecodeTicket(ticketID, b)
		if err != nil {
			if !errors.Is(err, job.ErrTicket) || strings.Contains(err.Error(), "secret") {
				t.Errorf("%v", err)
			}
			return
		}
		again, err := got.Encode()
		if err != nil {
			t.Fatal(err)
		}
		back, err := job.DecodeTicket(ticketID, again)
		if err != nil || !back.CreatedAt.Equal(got.CreatedAt) || !bytes.Equal(back.Input, got.Input) || back.Owner != got.Owner || back.Kind != got.Kind {
			t.Errorf("%+v, then %+v, %v", got, back, err)
		}
	})
}
