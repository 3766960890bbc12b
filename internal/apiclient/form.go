package apiclient

import (
	"bytes"
	"mime/multipart"
)

// Form is the body of an upload.
type Form struct {
	Body        []byte
	ContentType string
}

// NewDocumentForm returns the multipart form of a document. It names every file document.pdf: the real name often is
// the student's.
func NewDocumentForm(pdf []byte) Form {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	part, _ := w.CreateFormFile("file", "document.pdf") // a bytes.Buffer returns no errors
	_, _ = part.Write(pdf)
	_ = w.Close()
	return Form{Body: b.Bytes(), ContentType: w.FormDataContentType()}
}
