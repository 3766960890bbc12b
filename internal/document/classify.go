package document

import (
	"strings"

	"github.com/trackmydegree/trackmydegree/internal/document/layout"
)

// detectKind recognises the kind of a document by words that every document of the kind contains, and returns ""
// without them. Spaces do not count, because a title may be spaced out or wrap.
func detectKind(all []layout.Line) Kind {
	var b strings.Builder
	for _, l := range all {
		for _, w := range l.Words {
			b.WriteString(strings.ToLower(w.Text))
		}
	}
	text := b.String()
	switch {
	case strings.Contains(text, "offerofadmission"):
		return Letter
	case strings.Contains(text, "studentrecord"):
		return Transcript
	}
	return ""
}
