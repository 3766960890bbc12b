package document_test

import (
	"fmt"

	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/fault"
)

// The first bytes of an upload decide whether it is a PDF, not its name.
func ExampleSniff() {
	fmt.Println(document.Sniff([]byte("%PDF-1.7\n")))
	fmt.Println(fault.CodeOf(document.Sniff([]byte("PK\x03\x04"))))
	// Output:
	// <nil>
	// not_a_pdf
}
