package catalogue

import (
	"slices"
	"strings"
	"unicode"
)

// parsedName is a parsed degree as printed.
type parsedName struct {
	kind    DegreeKind
	tokens  []string // the words that distinguish degrees, sorted, each once
	text    string   // the same words in their order
	ignored []string // programs other than the degree, as printed
	exact   bool     // a bachelor of an unknown kind: only an equal name matches
}

// otherKind is the kind of a degree that is not in the catalogue.
const otherKind DegreeKind = "other"

// bachelors are the words for a first degree. Official letters also say baccalaureate.
var bachelors = []string{"bachelor", "bachelors", "baccalaureate", "baccalaureat", "baccalauréat"}

// kindWords are the kinds of bachelor by what follows "bachelor of" or "bachelor in", the longest first.
var kindWords = []struct {
	words []string
	kind  DegreeKind
}{
	{[]string{"computer", "science"}, BCompSc},
	{[]string{"engineering"}, BEng},
	{[]string{"science"}, BSc},
	{[]string{"sciences"}, BSc},
}

// kindMarks are the short forms of the kinds.
var kindMarks = []struct {
	words []string
	kind  DegreeKind
}{
	{[]string{"beng"}, BEng}, {[]string{"b", "eng"}, BEng},
	{[]string{"bcompsc"}, BCompSc}, {[]string{"b", "comp", "sc"}, BCompSc},
	{[]string{"bsc"}, BSc}, {[]string{"b", "sc"}, BSc},
}

// studentMarks are words that describe a student and not the degree.
var studentMarks = [][]string{
	{"co", "op"}, {"co", "ops"}, {"coop"}, {"coops"},
	{"extended", "credit", "program"}, {"extended", "credit"}, {"ecp"},
	{"mature", "entry", "program"}, {"mature", "entry"}, {"mature", "student"}, {"mep"},
	{"career", "edge"}, {"c", "edge"},
	{"qualifying", "program"}, {"qualifying", "student"}, {"qualifying"},
	{"honours"}, {"honors"},
}

// otherPrograms are the first words of a program other than the degree.
var otherPrograms = []string{"minor", "minors", "certificate", "diploma", "microprogram"}

// otherDegrees are kinds of degrees that are not in the catalogue.
var otherDegrees = []string{"master", "masters", "doctor", "doctorate", "certificate", "diploma", "phd"}

// fillers do not distinguish degrees.
var fillers = []string{"in", "of", "with", "a", "and", "the", "option", "joint", "major", "second", "program"}

// word is one word of a printed text, in lower case, and its position.
type word struct {
	text       string
	begin, end int
}

// parseName parses a printed degree.
func parseName(s string) parsedName {
	s = s[:min(len(s), maxPrinted)]
	n := parsedName{}
	words := joinTranslations(splitWords(s))
	if cut := findOtherProgram(s, words); cut > 0 {
		n.ignored = ignoredPrograms(s, words[cut:])
		words = words[:cut]
	}
	plain := make([]string, len(words))
	for i, w := range words {
		plain[i] = w.text
	}
	for _, m := range studentMarks {
		plain = removeRuns(plain, m)
	}
	plain = n.takeKind(plain)
	plain = slices.DeleteFunc(slices.Clone(plain), func(w string) bool { return slices.Contains(fillers, w) })
	n.text = strings.Join(plain, " ")
	slices.Sort(plain)
	n.tokens = slices.Compact(plain)
	return n
}

// splitWords returns the runs of letters and digits.
func splitWords(s string) []word {
	var out []word
	begin := -1
	for i, r := range s + " " {
		inside := unicode.IsLetter(r) || unicode.IsDigit(r)
		switch {
		case inside && begin < 0:
			begin = i
		case !inside && begin >= 0:
			out = append(out, word{strings.ToLower(s[begin:i]), begin, i})
			begin = -1
		}
	}
	return out
}

// joinTranslations keeps one word of a bachelor that is named in two languages: "Bachelor of/Baccalaureate in" is one
// degree, not a second program.
func joinTranslations(words []word) []word {
	isBachelor := func(i int) bool { return i < len(words) && slices.Contains(bachelors, words[i].text) }
	var out []word
	for i := 0; i < len(words); i++ {
		switch {
		case isBachelor(i) && isBachelor(i+1):
			continue
		case isBachelor(i) && isBachelor(i+2) && (words[i+1].text == "of" || words[i+1].text == "in"):
			i++
			continue
		}
		out = append(out, words[i])
	}
	return out
}

// findOtherProgram returns the first word that belongs to a program other than the degree: a minor, or a second
// bachelor. It returns 0 when there is none, also for a text that begins with one.
func findOtherProgram(s string, words []word) int {
	first := true // no bachelor yet
	for i, w := range words {
		switch {
		case slices.Contains(otherPrograms, w.text):
			return beginOfPart(s, words, i)
		case slices.Contains(bachelors, w.text):
			if !first {
				return beginOfPart(s, words, i)
			}
			first = false
		}
	}
	return 0
}

// beginOfPart returns the first word of the part of a text that contains words[i]. Punctuation, line ends and words
// that join two programs separate parts. "Minor in X" begins at the minor; in "X, Minor" the X belongs to it, unless
// nothing else is before it.
func beginOfPart(s string, words []word, i int) int {
	begin := i
	for begin > 0 && slices.Contains([]string{"a", "with", "and", "second", "the"}, words[begin-1].text) {
		begin--
	}
	next := i + 1
	if next < len(words) && (words[next].text == "in" || words[next].text == "of") {
		return begin
	}
	for j := begin; j > 0; j-- {
		if strings.ContainsAny(s[words[j-1].end:words[j].begin], ",;\n/") {
			return j
		}
	}
	return begin
}

// ignoredPrograms returns the programs that do not count, each as printed. A second line of the same program belongs
// to it.
func ignoredPrograms(s string, words []word) []string {
	var out []string
	begin := 0
	add := func(end int) {
		if begin < end {
			out = append(out, strings.Join(strings.Fields(s[words[begin].begin:words[end-1].end]), " "))
		}
		begin = end
	}
	for i, w := range words {
		if i > begin && (slices.Contains(otherPrograms, w.text) || slices.Contains(bachelors, w.text)) &&
			strings.ContainsAny(s[words[i-1].end:w.begin], ",;\n/") {
			add(i)
		}
	}
	add(len(words))
	return out
}

// takeKind sets the kind of bachelor that words name, and returns the words without it.
func (n *parsedName) takeKind(words []string) []string {
	for _, k := range kindMarks {
		if i := indexOfRun(words, k.words); i >= 0 {
			n.kind = k.kind
			return slices.Concat(words[:i], words[i+len(k.words):])
		}
	}
	i := slices.IndexFunc(words, func(w string) bool { return slices.Contains(bachelors, w) })
	if i < 0 {
		if slices.ContainsFunc(words, func(w string) bool { return slices.Contains(otherDegrees, w) }) {
			n.kind = otherKind
		}
		return words
	}
	after := words[i+1:]
	if len(after) > 0 && (after[0] == "s" || after[0] == "of" || after[0] == "in") {
		after = after[1:]
	}
	for _, k := range kindWords {
		if len(after) < len(k.words) || !slices.Equal(after[:len(k.words)], k.words) {
			continue
		}
		n.kind = k.kind
		rest := slices.Concat(words[:i], after[len(k.words):])
		if len(rest) == 0 && k.kind == BCompSc { // "Bachelor of Computer Science" is also the name of the program
			return k.words
		}
		return rest
	}
	n.exact = true
	return slices.Concat(words[:i], after)
}

// indexOfRun returns the index of run in words, -1 when it is absent.
func indexOfRun(words, run []string) int {
	for i := 0; i+len(run) <= len(words); i++ {
		if slices.Equal(words[i:i+len(run)], run) {
			return i
		}
	}
	return -1
}

// removeRuns returns words without each occurrence of run.
func removeRuns(words, run []string) []string {
	var out []string
	for i := 0; i < len(words); {
		if i+len(run) <= len(words) && slices.Equal(words[i:i+len(run)], run) {
			i += len(run)
			continue
		}
		out = append(out, words[i])
		i++
	}
	return out
}
