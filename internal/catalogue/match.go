package catalogue

import (
	"cmp"
	"slices"
	"strings"
	"unicode"

	"github.com/trackmydegree/trackmydegree/internal/fault"
)

const (
	// maxPrinted bounds how much of a printed degree is looked at, in bytes. The longest real one has about 100.
	maxPrinted = 1000
	// sharedTokens is the least part of all tokens that two names of one degree share when they are not equal.
	sharedTokens = 0.8
	// closest is how many names a failed match offers.
	closest = 3
)

// name is one spelling of a degree, as Match compares it.
type name struct {
	degree int // its place in Data.Degrees
	kind   string
	tokens []string // sorted, each once
	text   string
}

// namesOf returns the names and aliases of every degree that a student can be in.
func namesOf(degrees []Degree) []name {
	var out []name
	for i, d := range degrees {
		if d.DegreeType != Standalone {
			continue
		}
		kind := "" // an alias says no more about the kind than the name does
		for _, s := range append([]string{d.Name}, d.Aliases...) {
			n := readName(s)
			kind = cmp.Or(n.kind, kind)
			n.degree, n.kind = i, kind
			out = append(out, n)
		}
	}
	return out
}

// Match returns the degree that a document names: "Bachelor of Engineering, Software Engineering (Co-op)". It compares
// the words that tell degrees apart, in any order; a bachelor of one kind never matches a degree of another. The errors
// are degree_not_found and degree_ambiguous, both with the closest names.
func (c *Catalogue) Match(printed string) (Degree, error) {
	want := readName(printed)
	var equal, near []int
	for _, n := range c.names {
		if len(want.tokens) == 0 || want.kind != "" && n.kind != "" && want.kind != n.kind {
			continue
		}
		shared := common(want.tokens, n.tokens)
		all := len(want.tokens) + len(n.tokens) - shared
		switch {
		case shared == all:
			equal = append(equal, n.degree)
		case shared == min(len(want.tokens), len(n.tokens)) && float64(shared) >= sharedTokens*float64(all):
			near = append(near, n.degree)
		}
	}
	// A degree may fit under its name and under an alias; the names of one degree are neighbours.
	found := slices.Compact(equal)
	if len(found) == 0 {
		found = slices.Compact(near)
	}
	switch len(found) {
	case 1:
		return c.data.Degrees[found[0]], nil
	case 0:
		return Degree{}, &fault.Error{Code: fault.DegreeNotFound, Closest: c.closest(want, nil)}
	}
	return Degree{}, &fault.Error{Code: fault.DegreeAmbiguous, Closest: c.closest(want, found)}
}

// Closest returns the names of the degrees that are most like a text, the best first, at most three.
func (c *Catalogue) Closest(text string) []string { return c.closest(readName(text), nil) }

// closest ranks degrees by how alike their letters are, so that a typing error still finds its degree. Degrees in first
// come before all others.
func (c *Catalogue) closest(want name, first []int) []string {
	best := map[int]float64{}
	for _, n := range c.names {
		score := alike(want.text, n.text)
		if want.kind != "" && want.kind == n.kind {
			score += 0.25 // between equals, the right kind of bachelor is closer
		}
		if slices.Contains(first, n.degree) {
			score += 2
		}
		best[n.degree] = max(best[n.degree], score)
	}
	order := make([]int, 0, len(best))
	for i := range best {
		order = append(order, i)
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(best[b], best[a]), cmp.Compare(a, b))
	})
	names := make([]string, 0, closest)
	for _, i := range order[:min(closest, len(order))] {
		names = append(names, c.data.Degrees[i].Name)
	}
	return names
}

// kinds are the kinds of bachelor that the catalogue has, by the ways in which they are written.
var kinds = []struct {
	words []string
	kind  string
}{
	{[]string{"bachelor", "of", "engineering"}, "BEng"},
	{[]string{"beng"}, "BEng"},
	{[]string{"b", "eng"}, "BEng"},
	{[]string{"bachelor", "of", "computer", "science"}, "BCompSc"},
	{[]string{"bcompsc"}, "BCompSc"},
	{[]string{"b", "comp", "sc"}, "BCompSc"},
}

// marks are words that say something about a student and nothing about the degree.
var marks = [][]string{
	{"co", "op"}, {"co", "ops"}, {"coop"}, {"coops"},
	{"extended", "credit", "program"}, {"extended", "credit"}, {"ecp"},
}

// fillers tell no degrees apart.
var fillers = []string{"in", "of", "and", "the", "option", "joint", "major"}

// readName takes a printed degree apart.
func readName(s string) name {
	words := strings.FieldsFunc(strings.ToLower(s[:min(len(s), maxPrinted)]), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
	for _, m := range marks {
		words = without(words, m)
	}
	n := name{}
	rest := words
	for _, k := range kinds {
		if i := position(words, k.words); i >= 0 {
			n.kind = k.kind
			rest = slices.Concat(words[:i], words[i+len(k.words):])
			break
		}
	}
	if n.kind == "" && slices.ContainsFunc(words, func(w string) bool {
		return w == "bachelor" || w == "master" || w == "doctor" || w == "certificate" || w == "diploma"
	}) {
		n.kind = "another" // no degree of the catalogue is of this kind
	}
	if len(rest) == 0 { // "Bachelor of Computer Science" is all that is printed
		rest = without(words, []string{"bachelor"})
	}
	rest = slices.DeleteFunc(slices.Clone(rest), func(w string) bool { return slices.Contains(fillers, w) })
	n.text = strings.Join(rest, " ")
	slices.Sort(rest)
	n.tokens = slices.Compact(rest)
	return n
}

// position returns where run begins in words, -1 when it is not there.
func position(words, run []string) int {
	for i := 0; i+len(run) <= len(words); i++ {
		if slices.Equal(words[i:i+len(run)], run) {
			return i
		}
	}
	return -1
}

// without returns words without each occurrence of run.
func without(words, run []string) []string {
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

// common counts what two sorted sets share.
func common(a, b []string) int {
	n := 0
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch c := cmp.Compare(a[i], b[j]); {
		case c == 0:
			n, i, j = n+1, i+1, j+1
		case c < 0:
			i++
		default:
			j++
		}
	}
	return n
}

// alike compares two texts by their pairs of neighbouring letters (Dice's coefficient): 0 for nothing in common, 1 for
// the same pairs.
func alike(a, b string) float64 {
	pairs := map[string]int{}
	for i := 0; i+2 <= len(a); i++ {
		pairs[a[i:i+2]]++
	}
	shared := 0
	for i := 0; i+2 <= len(b); i++ {
		if pairs[b[i:i+2]] > 0 {
			pairs[b[i:i+2]]--
			shared++
		}
	}
	if len(a)+len(b) < 4 {
		return 0
	}
	return 2 * float64(shared) / float64(max(len(a)-1, 0)+max(len(b)-1, 0))
}
