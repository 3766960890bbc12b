package document

import (
	"fmt"
	"slices"
	"strings"

	"github.com/trackmydegree/trackmydegree/internal/document/layout"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/warning"
)

// part is the pages of one document of a file.
type part struct {
	kind   Kind
	sheets []layout.Sheet
}

// lines returns the lines of all pages; the page of a line is its index among the pages of the part.
func (p *part) lines() []layout.Line {
	var all []layout.Line
	for i, s := range p.sheets {
		for _, l := range s.Lines {
			l.Page = i
			all = append(all, l)
		}
	}
	return all
}

// arrange sorts the pages: by their printed numbers, otherwise by the terms of a record. It returns
// incomplete_document when a page is missing or has no text.
func (p *part) arrange() (moved bool, warnings []warning.Warning, err error) {
	total, numbered := 0, 0
	for _, s := range p.sheets {
		total = max(total, s.Total)
		if s.Number > 0 {
			numbered++
		}
	}
	if total > 0 && p.isNumbered(total) {
		byNumber := func(a, b layout.Sheet) int { return a.Number - b.Number }
		if !slices.IsSortedFunc(p.sheets, byNumber) {
			moved = true
			slices.SortStableFunc(p.sheets, byNumber)
		}
		if missing := p.missingNumbers(total); len(missing) > 0 {
			return moved, nil, missingFault(missing, total)
		}
		return moved, nil, nil
	}
	moved = p.sortByTerm() || moved
	for i := 0; i < len(p.sheets); i++ {
		s := p.sheets[i]
		if !s.Drawn {
			continue
		}
		// When all other pages are numbered completely, a page without text is not one of them.
		rest := slices.DeleteFunc(slices.Clone(p.sheets), func(s layout.Sheet) bool { return s.Drawn })
		others := part{sheets: rest}
		if i > 0 && !(total > 0 && others.isNumbered(total) && len(others.missingNumbers(total)) == 0) {
			return moved, nil, fault.WithDetail(fault.IncompleteDocument, fmt.Sprintf("Page %d of this PDF holds no text that can be "+
				"read, only a picture. Print the whole student record to PDF from the browser.", s.Page+1))
		}
		warnings = append(warnings, warning.Warning{Code: warning.PageWithoutRows, Page: s.Page + 1,
			Message: fmt.Sprintf("Page %d holds only a picture and was not read.", s.Page+1)})
		p.sheets = rest
		return true, warnings, nil
	}
	return moved, warnings, nil
}

// isNumbered reports whether every page has a number, out of the same total.
func (p *part) isNumbered(total int) bool {
	return !slices.ContainsFunc(p.sheets, func(s layout.Sheet) bool { return s.Number == 0 || s.Total != total })
}

func (p *part) missingNumbers(total int) []int {
	var missing []int
	for n := 1; n <= total; n++ {
		if !slices.ContainsFunc(p.sheets, func(s layout.Sheet) bool { return s.Number == n }) {
			missing = append(missing, n)
		}
	}
	return missing
}

func missingFault(missing []int, total int) error {
	words := make([]string, len(missing))
	for i, n := range missing {
		words[i] = fmt.Sprint(n)
	}
	pages := "Page " + words[0]
	if len(words) > 1 {
		pages = "Pages " + strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
	}
	verb := map[bool]string{true: "are", false: "is"}[len(words) > 1]
	return fault.WithDetail(fault.IncompleteDocument, fmt.Sprintf("%s of %d %s missing. Print the whole document to PDF from the "+
		"browser and upload that file.", pages, total, verb))
}

// dropRepeated keeps one of several equal pages, and reports whether there were any.
func (p *part) dropRepeated() bool {
	n := len(p.sheets)
	var kept []layout.Sheet
	for _, s := range p.sheets {
		repeated := !s.Drawn && slices.ContainsFunc(kept, func(k layout.Sheet) bool {
			return len(k.Lines) == len(s.Lines) && sheetText(k) == sheetText(s)
		})
		if !repeated {
			kept = append(kept, s)
		}
	}
	p.sheets = kept
	return len(kept) < n
}

func sheetText(s layout.Sheet) string {
	var b strings.Builder
	for _, l := range s.Lines {
		b.WriteString(l.Text)
		b.WriteByte('\n')
	}
	return b.String()
}

// sortByTerm sorts the pages of a record without numbers when they are clearly out of order: the page with the
// program history comes first, the others follow by their first heading. A page without a heading continues the page
// before it, so it keeps its position behind that page. It reports whether it moved any.
func (p *part) sortByTerm() (moved bool) {
	history := slices.IndexFunc(p.sheets, func(s layout.Sheet) bool {
		return slices.ContainsFunc(s.Lines, func(l layout.Line) bool { return historyLine.MatchString(l.Text) })
	})
	if history < 0 || len(p.sheets) < 2 {
		return false
	}
	firsts := make([]int, len(p.sheets))
	for i, s := range p.sheets {
		firsts[i] = -1
		if i == history {
			firsts[i] = 0
			continue
		}
		for _, l := range s.Lines {
			if t := parseTerm(l.Text); t != "" {
				firsts[i] = termOrder(t) / len(seasons)
				break
			}
		}
	}
	if slices.IsSorted(slices.DeleteFunc(slices.Clone(firsts), func(n int) bool { return n < 0 })) && history == 0 {
		return false
	}
	if history == len(p.sheets)-1 && isFalling(firsts) {
		slices.Reverse(p.sheets)
		return true
	}
	for i := range firsts {
		if firsts[i] < 0 && i > 0 {
			firsts[i] = firsts[i-1]
		}
	}
	order := make([]int, len(firsts))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return firsts[a] - firsts[b] })
	sorted := make([]layout.Sheet, len(order))
	for i, at := range order {
		sorted[i] = p.sheets[at]
	}
	p.sheets = sorted
	return true
}

// isFalling reports whether the known numbers never rise.
func isFalling(numbers []int) bool {
	last := -1
	for _, n := range numbers {
		if n < 0 {
			continue
		}
		if last >= 0 && n > last {
			return false
		}
		last = n
	}
	return true
}
