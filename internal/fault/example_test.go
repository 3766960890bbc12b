package fault_test

import (
	"errors"
	"fmt"

	"github.com/trackmydegree/trackmydegree/internal/fault"
)

// An error keeps its code through wrapping. The message is for people; the cause is for logs.
func Example() {
	err := fmt.Errorf("read upload: %w", fault.Wrap(fault.Encrypted, errors.New("no user password")))

	fmt.Println(fault.CodeOf(err), fault.CodeOf(err).IsTransient())
	fmt.Println(fault.From(err).Message())
	fmt.Println(err)
	// Output:
	// encrypted false
	// The PDF is protected by a password. Save it without one and upload it again.
	// read upload: encrypted: no user password
}
