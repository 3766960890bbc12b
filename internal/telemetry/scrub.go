package telemetry

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"path"
	"regexp"
	"runtime"
	"strings"
	"syscall"

	"github.com/getsentry/sentry-go"

	"github.com/trackmydegree/trackmydegree/internal/fault"
)

// describeError describes an error without its text, which may contain the name of a file, an address or a line of a
// document. Its types, its code and the vocabulary of the system do not.
func describeError(err error) (name, text string) {
	var words []string
	for e := err; e != nil; e = errors.Unwrap(e) {
		words = append(words, typeOf(e))
		if multi, ok := e.(interface{ Unwrap() []error }); ok {
			for _, branch := range multi.Unwrap() {
				words = append(words, typeOf(branch))
			}
		}
	}
	name = strings.Join(words, " > ")
	if code := fault.CodeOf(err); code != fault.Internal {
		name = string(code)
		text = code.DefaultMessage()
	}
	switch known := systemText(err); {
	case known == "":
		return name, text
	case text == "":
		return name, known
	default:
		return name, text + " (" + known + ")"
	}
}

// systemText returns the part of an error whose text comes from Go or the operating system, not from data.
func systemText(err error) string {
	var (
		op    *net.OpError
		errno syscall.Errno
		bug   runtime.Error
	)
	switch {
	case errors.As(err, &bug):
		return bug.Error() // "index out of range [5] with length 3": numbers and types
	case errors.As(err, &op):
		word := op.Op + " " + op.Net // without the addresses
		if errors.As(err, &errno) {
			word += ": " + errno.Error()
		}
		return word
	case errors.As(err, &errno):
		return errno.Error()
	case errors.Is(err, context.DeadlineExceeded):
		return context.DeadlineExceeded.Error()
	case errors.Is(err, context.Canceled):
		return context.Canceled.Error()
	case errors.Is(err, fs.ErrNotExist):
		return fs.ErrNotExist.Error()
	case errors.Is(err, fs.ErrPermission):
		return fs.ErrPermission.Error()
	}
	return ""
}

func typeOf(err error) string {
	var f *fault.Error
	if errors.As(err, &f) && f == err { //nolint:errorlint // the type of this very link of the chain is asked for
		return string(f.Code)
	}
	return strings.TrimPrefix(fmt.Sprintf("%T", err), "*")
}

// allowedTags are the tags that an event may have, and the form of their values: ids, codes, patterns and numbers. A
// client chooses its method and may choose its request id, so both are checked.
var allowedTags = map[string]*regexp.Regexp{
	"role":       regexp.MustCompile(`^[a-z-]{1,20}$`),
	"job_id":     regexp.MustCompile(`^[0-9a-f-]{36}$`),
	"request_id": regexp.MustCompile(`^[0-9a-f-]{16,64}$`),
	"code":       regexp.MustCompile(`^[a-z_]{1,40}$`),
	"method":     regexp.MustCompile(`^(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS)$`),
	"route":      regexp.MustCompile(`^[0-9A-Za-z/{}*._-]{1,100}$`),
	"trace_id":   regexp.MustCompile(`^[0-9a-f]{32}$`),
	"attempt":    regexp.MustCompile(`^[0-9]{1,3}$`),
}

// scrubEvent builds a new event from what may leave the process. It drops whatever a later version of the library, or
// a careless change here, adds.
func scrubEvent(e *sentry.Event) *sentry.Event {
	clean := sentry.NewEvent()
	clean.EventID = e.EventID
	clean.Timestamp = e.Timestamp
	clean.Level = e.Level
	clean.Platform = e.Platform
	clean.Release = e.Release
	clean.Environment = e.Environment
	clean.ServerName = e.Tags["role"]
	clean.Sdk = e.Sdk
	clean.Contexts = map[string]sentry.Context{"runtime": {"name": "go", "version": runtime.Version()}}
	clean.Tags = map[string]string{}
	for name, shape := range allowedTags {
		if v := e.Tags[name]; shape.MatchString(v) {
			clean.Tags[name] = v
		}
	}
	for _, x := range e.Exception {
		if x.Stacktrace == nil { // without a stack the server cannot distinguish errors
			clean.Fingerprint = []string{clean.Tags["code"], clean.Tags["method"], clean.Tags["route"], x.Type, x.Value}
		}
		clean.Exception = append(clean.Exception, sentry.Exception{
			Type: x.Type, Value: x.Value, Stacktrace: scrubStack(x.Stacktrace), Mechanism: x.Mechanism,
		})
	}
	return clean
}

// scrubStack keeps functions, files and lines: no values, no source, and no folder of the build machine.
func scrubStack(s *sentry.Stacktrace) *sentry.Stacktrace {
	if s == nil {
		return nil
	}
	clean := &sentry.Stacktrace{}
	for _, f := range s.Frames {
		clean.Frames = append(clean.Frames, sentry.Frame{
			Function: f.Function, Module: f.Module, Filename: path.Base(f.AbsPath), Lineno: f.Lineno, InApp: f.InApp,
		})
	}
	return clean
}
