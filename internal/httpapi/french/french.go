// Package french says in French what the API says in English about the fields of a request and about a degree: for a
// client whose header Accept-Language prefers French.
package french

import (
	"net/http"
	"regexp"
	"strings"

	"golang.org/x/text/language"

	"github.com/trackmydegree/trackmydegree/internal/fault"
)

// Tag is the language of the translations, for the header Content-Language.
const Tag = "fr-CA"

// languages are those of the API, the default first.
var languages = language.NewMatcher([]language.Tag{language.English, language.French})

// IsPreferred reports whether the sender of r prefers French to English.
func IsPreferred(r *http.Request) bool {
	accepted := r.Header.Get("Accept-Language")
	if accepted == "" {
		return false
	}
	tag, _ := language.MatchStrings(languages, accepted)
	base, _ := tag.Base()
	return base.String() == "fr"
}

// template is a sentence: a pattern of the English one, and the French one with the arguments $1, $2 and so on.
type template struct {
	pattern *regexp.Regexp
	french  string
}

var (
	verb    = regexp.MustCompile(`%[sdq]`)
	decimal = regexp.MustCompile(`^\d+\.\d+$`)
)

// templates are those of sentences, in their order.
var templates = compileTemplates(sentences)

func compileTemplates(list []sentence) []template {
	out := make([]template, len(list))
	for i, s := range list {
		pattern := verb.ReplaceAllString(regexp.QuoteMeta(s.English), `(.+?)`)
		out[i] = template{regexp.MustCompile("^" + pattern + "$"), s.French}
	}
	return out
}

// TranslateSentence returns the French of an English sentence of the API, and whether it is known.
func TranslateSentence(english string) (string, bool) {
	for _, t := range templates {
		m := t.pattern.FindStringSubmatch(english)
		if m == nil {
			continue
		}
		out := t.french
		for i := len(m) - 1; i > 0; i-- {
			out = strings.ReplaceAll(out, "$"+string(rune('0'+i)), translateArgument(m[i]))
		}
		return out, true
	}
	return english, false
}

// TranslateNotes returns the French of sentences that stand one after the other. An unknown one is left out: it says
// less than the figures by it.
func TranslateNotes(english string) string {
	var out []string
	for _, s := range strings.SplitAfter(english, ". ") {
		if french, ok := TranslateSentence(strings.TrimSpace(s)); ok {
			out = append(out, french)
		}
	}
	return strings.Join(out, " ")
}

// TranslateFault returns the fault of err with its fields in French, and whether every one of them is; nil for an error
// without fields.
func TranslateFault(err error) (*fault.Error, bool) {
	f := fault.From(err)
	if f == nil || len(f.Fields) == 0 {
		return nil, false
	}
	translated, isWhole := *f, true
	translated.Fields = make([]fault.Field, len(f.Fields))
	for i, field := range f.Fields {
		message, ok := TranslateSentence(field.Message)
		isWhole = isWhole && ok
		translated.Fields[i] = fault.Field{Path: field.Path, Message: message}
	}
	return &translated, isWhole
}

// words are what an argument has in English: the seasons of terms, and the words of lists and marks.
var words = strings.NewReplacer(
	"FALL/WINTER ", "automne-hiver ", "WINTER/SUMMER ", "hiver-été ", "WINTER ", "hiver ", "SPRING ", "printemps ", "SUMMER ", "été ", "FALL ", "automne ",
	" and ", " et ", " or ", " ou ", " of ", " de ", " others", " autres", "transferred", "transféré", "exempted", "exempté", "deficient", "d’appoint")

func translateArgument(text string) string {
	if decimal.MatchString(text) {
		return strings.Replace(text, ".", ",", 1)
	}
	return words.Replace(text)
}
