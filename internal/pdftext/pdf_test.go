package pdftext_test

import (
	"fmt"
	"strings"

	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

// pdfPage is a page of a PDF made for a test: entries of its dictionary and its content stream.
type pdfPage struct{ entries, content string }

// makePDF writes a PDF whose pages can use the font /F1, Helvetica.
func makePDF(pages ...pdfPage) []byte {
	const firstPage = 4
	var kids strings.Builder
	for i := range pages {
		fmt.Fprintf(&kids, "%d 0 R ", firstPage+2*i)
	}
	objects := []string{
		"<</Type/Catalog/Pages 2 0 R>>",
		fmt.Sprintf("<</Type/Pages/Count %d/Kids[%s]>>", len(pages), kids.String()),
		"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
	}
	for _, p := range pages {
		objects = append(objects,
			fmt.Sprintf("<</Type/Page/Parent 2 0 R/Resources<</Font<</F1 3 0 R>>>>/Contents %d 0 R %s>>", len(objects)+2, p.entries),
			fmt.Sprintf("<</Length %d>>stream\n%s\nendstream", len(p.content), p.content))
	}
	return testenv.WritePDF(objects...)
}
