package app

import (
	"context"
	"errors"
	"testing"
)

func TestRunStartChecks(t *testing.T) {
	t.Parallel()
	first, second := errors.New("REDIS_JOB_URL: one"), errors.New("MONGODB_URI: two")
	other := make(chan struct{})
	err := runStartChecks(t.Context(),
		func(context.Context) error { <-other; return first }, // all run at once
		func(context.Context) error { return nil },
		func(context.Context) error { close(other); return second })
	if err == nil || err.Error() != first.Error()+"\n"+second.Error() {
		t.Errorf("got %v, want both in their order", err)
	}
	if err := runStartChecks(t.Context(), func(context.Context) error { return nil }); err != nil {
		t.Errorf("got %v, want nil", err)
	}
}
