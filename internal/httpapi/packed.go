package httpapi

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/klauspost/compress/gzip"

	"github.com/trackmydegree/trackmydegree/internal/httpapi/gzipjoin"
	"github.com/trackmydegree/trackmydegree/internal/resultcodec"
)

const typeJSON = "application/json"

// writeBody answers with JSON.
func writeBody(w http.ResponseWriter, status int, body []byte) error {
	h := w.Header()
	h.Set("Content-Type", typeJSON)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that is gone needs no answer
	return nil
}

// writePacked answers with before + the text of packed + after, as gzip where the client takes it: the compressed bytes
// go out as they lie, whatever their size.
func writePacked(w http.ResponseWriter, r *http.Request, status int, before, packed, after []byte) error {
	h := w.Header()
	h.Add("Vary", "Accept-Encoding")
	if h.Get("Content-Type") == "" {
		h.Set("Content-Type", typeJSON)
	}
	if acceptsGzip(r) {
		m, err := gzipjoin.Around(before, packed, after)
		if err == nil {
			h.Set("Content-Encoding", "gzip")
			h.Set("Content-Length", strconv.Itoa(m.Len()))
			w.WriteHeader(status)
			_, _ = m.WriteTo(w) // a client that is gone needs no answer
			return nil
		}
		if !errors.Is(err, gzipjoin.ErrForm) {
			return err
		}
		// Not written by this version's package pack: send it plain.
	}
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return fmt.Errorf("open the stored result: %w", err)
	}
	size, err := gzipjoin.PlainSize(packed)
	if err != nil {
		return err
	}
	if size > resultcodec.MaxJSON {
		return resultcodec.ErrTooLarge
	}
	h.Set("Content-Length", strconv.Itoa(len(before)+size+len(after)))
	w.WriteHeader(status)
	_, _ = w.Write(before)
	// A stored result that turns out to be damaged here cuts the answer short, which the length shows.
	if _, err := io.CopyN(w, z, int64(size)); err == nil {
		_, _ = w.Write(after)
	}
	return nil
}

// acceptsGzip reports whether the client takes gzip: it is named, or everything is, and not with a weight of 0.
func acceptsGzip(r *http.Request) bool {
	others := false // what "*" says
	for _, header := range r.Header["Accept-Encoding"] {
		for coding := range strings.SplitSeq(header, ",") {
			name, weight, _ := strings.Cut(coding, ";")
			takes := !refuses(weight)
			switch strings.ToLower(strings.TrimSpace(name)) {
			case "gzip", "x-gzip":
				return takes
			case "*":
				others = takes
			}
		}
	}
	return others
}

// refuses reports whether a weight such as "q=0.000" is 0.
func refuses(weight string) bool {
	q, ok := strings.CutPrefix(strings.ToLower(strings.TrimSpace(weight)), "q=")
	if !ok {
		return false
	}
	f, err := strconv.ParseFloat(q, 64)
	return err == nil && f == 0
}

// gzipSuffix tells the tag of the compressed form from that of the plain one: a strong tag names exact bytes (RFC 9110,
// 8.8.3.3).
const gzipSuffix = "-gzip"

// setTag gives the answer the tag of a version, in the form in which it goes out, and reports whether the client has that
// version: then 304 is the answer.
func setTag(w http.ResponseWriter, r *http.Request, version string, compressible bool) (known bool) {
	tag := version
	if compressible && acceptsGzip(r) {
		tag += gzipSuffix
	}
	w.Header().Set("ETag", `"`+tag+`"`)
	return matches(r.Header["If-None-Match"], version)
}

// notModified answers that the client's copy is still right.
func notModified(w http.ResponseWriter) error {
	w.Header().Add("Vary", "Accept-Encoding")
	w.WriteHeader(http.StatusNotModified)
	return nil
}

// matches reports whether a list of tags names the version, in either form, or anything at all (*).
func matches(lists []string, version string) bool {
	for _, list := range lists {
		for tag := range strings.SplitSeq(list, ",") {
			tag = strings.TrimSpace(tag)
			if tag == "*" || tagVersion(tag) == version {
				return true
			}
		}
	}
	return false
}

// tagVersion is the version that a tag names, "" for what is no tag. A weak tag names it as well.
func tagVersion(tag string) string {
	tag = strings.TrimPrefix(tag, "W/")
	if len(tag) < 2 || tag[0] != '"' || tag[len(tag)-1] != '"' {
		return ""
	}
	return strings.TrimSuffix(tag[1:len(tag)-1], gzipSuffix)
}
