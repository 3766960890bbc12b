package apiclient

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"mime/multipart"
)

// Form is the body of an upload.
type Form struct {
	Body        []byte
	ContentType string
}

// NewDocumentForm returns the multipart form of a document. The boundary is a hash of the document, so that two forms
// of the same document are the same bytes. Every file is named document.pdf: the real name often is the student's.
func NewDocumentForm(pdf []byte) Form {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	sum := sha256.Sum256(pdf)
	_ = w.SetBoundary(hex.EncodeToString(sum[:16])) // a valid boundary
	part, _ := w.CreateFormFile("file", "document.pdf")
	_, _ = part.Write(pdf) // a bytes.Buffer returns no errors
	_ = w.Close()
	return Form{Body: b.Bytes(), ContentType: w.FormDataContentType()}
}
