package guest_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/guest"
)

func Example() {
	owner := guest.NewOwner(time.Date(2026, time.November, 30, 12, 0, 0, 0, time.UTC))
	ends, ok := guest.EndOf(owner)
	fmt.Println(guest.IsOwner(owner), ends.Format(time.DateTime), ok)
	// Output: true 2026-11-30 12:00:00 true
}

func TestEndOf(t *testing.T) {
	t.Parallel()
	for owner, want := range map[string]bool{
		"ann": false, "": false, "guest:": false, "guest:x:y": false, "guest:-1:y": false, "guest:1:y": true, "Guest:1:y": false,
	} {
		if _, ok := guest.EndOf(owner); ok != want {
			t.Errorf("%q: got %v, want %v", owner, ok, want)
		}
	}
	ends := time.Unix(1, 0)
	if first, second := guest.NewOwner(ends), guest.NewOwner(ends); first == second {
		t.Error("two guests are one owner")
	}
}
