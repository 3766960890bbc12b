package fault_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/fault"
)

// The sentence of each code says what is wrong and what to do, and contains nothing internal.
func TestEveryCodeHasItsSentence(t *testing.T) {
	t.Parallel()
	for _, c := range fault.AllCodes() {
		s := c.DefaultMessage()
		if strings.Count(s, ".") < 1 || !strings.HasSuffix(s, ".") {
			t.Errorf("%s: %q is no sentence", c, s)
		}
		if strings.ToLower(string(c)) != string(c) || strings.ContainsAny(string(c), " -") {
			t.Errorf("%q is not in snake case", c)
		}
	}
}

func TestFrom(t *testing.T) {
	t.Parallel()
	cause := errors.New("dial tcp: refused")
	for _, c := range []struct {
		name      string
		err       error
		code      fault.Code
		transient bool
	}{
		{"keeps a fault", fault.New(fault.Encrypted), fault.Encrypted, false},
		{"finds a fault in the chain", fmt.Errorf("read: %w", fault.Wrap(fault.ParserUnavailable, cause)), fault.ParserUnavailable, true},
		{"takes a passed deadline for a timeout", fmt.Errorf("parse: %w", context.DeadlineExceeded), fault.Timeout, true},
		{"takes the rest for internal", cause, fault.Internal, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := fault.From(c.err)
			if got.Code != c.code || got.Code.IsTransient() != c.transient || fault.CodeOf(c.err) != c.code {
				t.Errorf("From(%v) = %s, transient %v; want %s, %v", c.err, got.Code, got.Code.IsTransient(), c.code, c.transient)
			}
			if strings.Contains(got.Message(), "dial") {
				t.Errorf("the message for people holds the cause: %q", got.Message())
			}
		})
	}
	if fault.From(nil) != nil || fault.CodeOf(nil) != "" {
		t.Error("no error is no fault")
	}
	if !errors.Is(fault.Wrap(fault.Timeout, cause), cause) {
		t.Error("the cause is lost")
	}
}

func TestACodeFromElsewhereCountsAsInternal(t *testing.T) {
	t.Parallel()
	c := fault.Code("no_such_code")
	if c.IsKnown() || !c.IsTransient() || c.DefaultMessage() != fault.Internal.DefaultMessage() {
		t.Errorf("known %v, transient %v, %q", c.IsKnown(), c.IsTransient(), c.DefaultMessage())
	}
}
