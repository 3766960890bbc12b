package respond

import (
	"encoding/json"
	"net/http"
	"strconv"
)

// TypeJSON is the media type of JSON.
const TypeJSON = "application/json"

// WriteJSON answers with v. An error means that v cannot be encoded and that nothing was sent.
func WriteJSON(w http.ResponseWriter, status int, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", TypeJSON)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that left needs no answer
	return nil
}

// WriteNoContent answers 204.
func WriteNoContent(w http.ResponseWriter) error {
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// NonNil returns list, or an empty list for nil, so that JSON shows [] and not null.
func NonNil[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
