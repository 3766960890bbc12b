package respond

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/trackmydegree/trackmydegree/internal/fault"
)

// gzipSuffix distinguishes the tag of the compressed form from that of the uncompressed one: a strong tag names exact
// bytes (RFC 9110, 8.8.3.3).
const gzipSuffix = "-gzip"

// SetETag sets the tag of a version, in the form in which the answer is sent, and reports whether the client has that
// version: then WriteNotModified is the answer.
func SetETag(w http.ResponseWriter, r *http.Request, version string, compressible bool) (notModified bool) {
	tag := version
	if compressible && acceptsGzip(r) {
		tag += gzipSuffix
	}
	w.Header().Set("ETag", `"`+tag+`"`)
	return matchesVersion(r.Header["If-None-Match"], version)
}

// WriteNotModified answers 304.
func WriteNotModified(w http.ResponseWriter) error {
	w.Header().Add("Vary", "Accept-Encoding")
	w.WriteHeader(http.StatusNotModified)
	return nil
}

// IfMatch returns the version that the request's If-Match names: 0 for none or "*", precondition_failed for a tag that
// no answer ever carried, bad_request for several tags or a weak one.
func IfMatch(r *http.Request) (int64, error) {
	lists := r.Header["If-Match"]
	if len(lists) == 0 || len(lists) == 1 && strings.TrimSpace(lists[0]) == "*" {
		return 0, nil
	}
	if len(lists) > 1 || strings.Contains(lists[0], ",") || strings.HasPrefix(strings.TrimSpace(lists[0]), "W/") {
		return 0, fault.WithDetail(fault.BadRequest, "Send one ETag in If-Match, exactly as the last answer gave it.")
	}
	version, err := strconv.ParseInt(versionOfTag(strings.TrimSpace(lists[0])), 10, 64)
	if err != nil || version < 1 {
		return 0, fault.New(fault.PreconditionFailed)
	}
	return version, nil
}

// matchesVersion reports whether lists of tags name the version, in either form, or anything (*).
func matchesVersion(lists []string, version string) bool {
	for _, list := range lists {
		for tag := range strings.SplitSeq(list, ",") {
			tag = strings.TrimSpace(tag)
			if tag == "*" || versionOfTag(tag) == version {
				return true
			}
		}
	}
	return false
}

// versionOfTag is the version that a tag, strong or weak, names; "" for what is no tag.
func versionOfTag(tag string) string {
	tag = strings.TrimPrefix(tag, "W/")
	if len(tag) < 2 || tag[0] != '"' || tag[len(tag)-1] != '"' {
		return ""
	}
	return strings.TrimSuffix(tag[1:len(tag)-1], gzipSuffix)
}
