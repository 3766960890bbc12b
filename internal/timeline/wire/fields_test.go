package wire_test

import (
	"errors"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/timeline/wire"
)

// Anything other than a JSON object is a bad request, and costs little.
func TestDecodeNoObject(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"empty": "", "text": "degree=x", "cut": `{"degree": "x"`, "list": `[]`, "null": `null`, "number": `1`, "two": `{} {}`,
		"trailing": `{} x`, "no colon": `{"a" 1}`, "no comma": `{"a": [1 2]}`, "comment": `{/**/}`,
		"deep":    strings.Repeat(`{"a":`, 10000) + "1" + strings.Repeat("}", 10000),
		"deep []": `{"a":` + strings.Repeat(`[`, 100000),
		"large":   `{"degree": "` + strings.Repeat("x", 1<<20) + `"}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, formErr := wire.DecodeForm(strings.NewReader(body))
			_, patchErr := wire.DecodePatch(strings.NewReader(body))
			_, keepingErr := wire.DecodeSaveRequest(strings.NewReader(body))
			for _, err := range []error{formErr, patchErr, keepingErr} {
				if f := fault.From(err); f.Code != fault.BadRequest || f.Detail == "" {
					t.Errorf("%v", err)
				}
			}
		})
	}
	// A connection that breaks is not a fault of the JSON.
	broken := errors.New("connection reset")
	if _, err := wire.DecodeForm(iotest.ErrReader(broken)); !errors.Is(err, broken) || fault.CodeOf(err) == fault.BadRequest {
		t.Errorf("%v", err)
	}
}

// The answer to a body full of faults is bounded.
func TestFaultsAreBounded(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString(`{"` + strings.Repeat("y", 5000) + `": 1`)
	for i := range 5000 {
		b.WriteString(`, "x` + strings.Repeat("z", i%7) + string(rune('a'+i%26)) + strings.Repeat("q", i%100) + `": 1`)
	}
	b.WriteString("}")
	_, err := wire.DecodeForm(strings.NewReader(b.String()))
	f := fault.From(err)
	if f.Code != fault.InvalidForm || len(f.Fields) != 100 {
		t.Errorf("%s, %d fields", f.Code, len(f.Fields))
	}
	for _, field := range f.Fields {
		if len(field.Path) > 200 {
			t.Errorf("a path of %d bytes", len(field.Path))
		}
	}
}
