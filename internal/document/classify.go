package document

import (
	"strings"

	"github.com/trackmydegree/trackmydegree/internal/document/layout"
)

// detectKind tells the kind of a document by the words that its kind always carries, and "" when there are none. Spaces
// do not count: a title may be spaced out or wrap.
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
