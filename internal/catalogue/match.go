package catalogue

import (
	"cmp"
	"slices"

	"github.com/trackmydegree/trackmydegree/internal/fault"
)

const (
	// maxPrinted bounds the compared part of a printed degree, in bytes. The longest real one has about 100.
	maxPrinted = 1000
	// sharedTokens is the smallest share of tokens that two names of one degree have in common when they are not
	// equal.
	sharedTokens = 0.8
	// maxClosest is the number of names that a failed match offers.
	maxClosest = 3
)

// degreeName is one spelling of a degree, as MatchDegree compares it.
type degreeName struct {
	degree int // its index in Data.Degrees
	parsedName
}

// degreeNames returns the names and aliases of every degree that a student can be in.
func degreeNames(degrees []Degree) []degreeName {
	var out []degreeName
	for i, d := range degrees {
		if d.DegreeType != Standalone {
			continue
		}
		kind := d.Kind // data of older stores has no kind: the name contains it, for the aliases as well
		for _, s := range append([]string{d.Name}, d.Aliases...) {
			n := parseName(s)
			kind = cmp.Or(kind, n.kind)
			n.kind = kind
			out = append(out, degreeName{i, n})
		}
	}
	return out
}

// DegreeMatch is the degree that a document names. Ignored are other programs of the document, as printed, that do
// not count: a minor, a certificate, a second program.
type DegreeMatch struct {
	Degree  Degree
	Ignored []string
}

// MatchDegree returns the degree that a document names: "Bachelor of Engineering, Software Engineering (Co-op)". It
// compares the words that distinguish degrees, in any order; a bachelor of one kind never matches a degree of
// another. The mode of admission or study (co-op, extended credit, mature entry, honours) is not part of the name.
// The errors are degree_missing for a text without a name, and degree_not_found and degree_ambiguous with the closest
// names.
func (c *Catalogue) MatchDegree(printed string) (DegreeMatch, error) {
	want := parseName(printed)
	if want.kind == "" && len(want.tokens) == 0 {
		return DegreeMatch{}, fault.New(fault.DegreeMissing)
	}
	var equal, near []int
	for _, n := range c.names {
		if len(want.tokens) == 0 || want.kind != "" && n.kind != "" && want.kind != n.kind {
			continue
		}
		shared := countShared(want.tokens, n.tokens)
		all := len(want.tokens) + len(n.tokens) - shared
		switch {
		case shared == all:
			equal = append(equal, n.degree)
		case want.exact: // other words may belong to another kind of bachelor
		case shared == min(len(want.tokens), len(n.tokens)) && float64(shared) >= sharedTokens*float64(all):
			near = append(near, n.degree)
		}
	}
	// A degree may match under its name and under an alias; the names of one degree are adjacent.
	found := slices.Compact(equal)
	if len(found) == 0 {
		found = slices.Compact(near)
	}
	switch len(found) {
	case 1:
		return DegreeMatch{c.data.Degrees[found[0]], want.ignored}, nil
	case 0:
		return DegreeMatch{}, &fault.Error{Code: fault.DegreeNotFound, Closest: c.rankClosest(want, nil)}
	}
	return DegreeMatch{}, &fault.Error{Code: fault.DegreeAmbiguous, Closest: c.rankClosest(want, found)}
}

// FindStandalone returns the degree of an id that a student can be in; degree_not_found, with the closest names, for
// any other id.
func (c *Catalogue) FindStandalone(id string) (Degree, error) {
	if d, ok := c.FindDegree(id); ok && d.DegreeType == Standalone {
		return d, nil
	}
	return Degree{}, &fault.Error{
		Code: fault.DegreeNotFound, Detail: "There is no degree with this id. Choose one of the list of degrees.",
		Closest: c.ClosestNames(id[:min(len(id), maxPrinted)]),
	}
}

// ClosestNames returns the names of the degrees that share words with a text, most similar first, at most three.
func (c *Catalogue) ClosestNames(text string) []string { return c.rankClosest(parseName(text), nil) }

// rankClosest ranks the degrees that share a word with a name by the similarity of their letters, so that a typing
// error still finds its degree. Degrees in first come before all others.
func (c *Catalogue) rankClosest(want parsedName, first []int) []string {
	best := map[int]float64{}
	for _, n := range c.names {
		if !sharesWord(want.tokens, n.tokens) {
			continue
		}
		score := diceSimilarity(want.text, n.text)
		if want.kind != "" && want.kind == n.kind {
			score += 0.25 // among equals, the right kind of bachelor is closer
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
	names := make([]string, 0, maxClosest)
	for _, i := range order[:min(maxClosest, len(order))] {
		names = append(names, c.data.Degrees[i].Name)
	}
	return names
}

// similarWord is the smallest similarity of two words of which one counts as a misspelling of the other.
const similarWord = 0.6

// sharesWord reports whether two names have a word in common, misspelled or not.
func sharesWord(a, b []string) bool {
	return slices.ContainsFunc(a, func(x string) bool {
		return slices.ContainsFunc(b, func(y string) bool { return x == y || diceSimilarity(x, y) >= similarWord })
	})
}

// countShared counts the common elements of two sorted sets.
func countShared(a, b []string) int {
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

// diceSimilarity compares two texts by their pairs of adjacent bytes (Dice's coefficient): 0 for nothing in common, 1
// for the same pairs.
func diceSimilarity(a, b string) float64 {
	if len(a) < 2 || len(b) < 2 {
		return 0
	}
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
	return 2 * float64(shared) / float64(len(a)-1+len(b)-1)
}
