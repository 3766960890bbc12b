package document

import (
	"regexp"
	"slices"
	"strings"

	"github.com/trackmydegree/trackmydegree/internal/document/layout"
)

// letterCourse is a row of a value: a course, or credits without a course.
type letterCourse struct {
	code, title string
	credits     float64
	line        layout.Line // the last one
}

var (
	// codeAtHead matches the code with which a row begins, behind a bullet or a number of the list, or its credits.
	codeAtHead = regexp.MustCompile(`^(?:[•*·▪–-] ?|\d{1,2}[.)] )?(?:(\d{1,2}[.,]\d{2}) +)?([A-Z]{2,4})(?:(?: ?- ?| ?)(\d{3,4}|\d[\dXx*-]{2,3}|\d ?---?)(?:[^\dXx*-]|$)| (UNSP(?:EC(?:IFIED)?)?|UNAS(?:SIGNED)?|XXXX?|\*{3,4}|-{3,4})(?: |$))`)

	// nextCode matches another code behind that of a row, or another number of the same letters.
	nextCode = regexp.MustCompile(`^ ?(?:,|;|&|\+|and\b|/) ?(?:([A-Z]{2,4})[ -]?)?(\d{3,4})(?:[^\dX*-]|$)`)

	// letterCredits matches the credits at the end of a row, creditsFirst those before the title.
	letterCredits = regexp.MustCompile(`(?i)^(.*?)\s*\(?(?:(\d{1,2}[.,]\d{1,2}) ?(?:cr\.?|credits?|units?)?|(\d{1,2}) ?(?:cr\.?|credits?|units?))\)?$`)
	creditsFirst  = regexp.MustCompile(`^(\d{1,2}[.,]\d{2}) +(.*)$`)

	// gradeNote matches a note about a grade behind a title.
	gradeNote = regexp.MustCompile(`\s*(?:\([^()]*(?i:\bgrade\b)[^()]*\)|\([A-F][+-]?\)|[-–] ?[A-F][+-]?|[-–:]? ?(?i:(?:min(?:imum|\.)? )?grade)\b[^()]*|\b(?:EX|TRC)\b)$`)

	noValue = regexp.MustCompile(`(?i)^(?:none|n/?a|nil|not (?:yet )?assessed|not applicable|-+|pending)\.?$`)
)

// splitRow reads the rows with which a line begins: usually one. Unclear reports that it names a further course whose
// relation to the first one is not clear.
func splitRow(text string) (courses []letterCourse, unclear bool) {
	m := codeAtHead.FindStringSubmatchIndex(text)
	if m == nil {
		return nil, false
	}
	at := 6
	if m[at] < 0 {
		at = 8 // a word or signs instead of a number
	}
	letters, number := text[m[4]:m[5]], strings.ToUpper(strings.ReplaceAll(text[m[at]:m[at+1]], " ", ""))
	if at == 6 && strings.HasSuffix(number, "--") {
		number = number[:1] + "---"
	}
	rest := text[m[at+1]:]
	courses = []letterCourse{{code: letters + " " + number}}
	for {
		next := nextCode.FindStringSubmatchIndex(rest)
		if next == nil {
			break
		}
		other := letters
		if next[2] >= 0 {
			other = rest[next[2]:next[3]]
		}
		unclear = unclear || strings.HasPrefix(strings.TrimSpace(rest), "/")
		letters = other
		courses = append(courses, letterCourse{code: other + " " + rest[next[4]:next[5]]})
		rest = rest[next[5]:]
	}
	last := &courses[len(courses)-1]
	last.setRest(rest)
	if m[2] >= 0 && last.credits == 0 {
		last.credits = *numberIn(text[m[2]:m[3]])
	}
	return courses, unclear
}

// setRest reads what is behind the code: the title, the credits and notes.
func (c *letterCourse) setRest(text string) {
	text = strings.TrimLeft(strings.TrimSpace(text), "-–: ")
	if m := creditsFirst.FindStringSubmatch(text); m != nil && !letterCredits.MatchString(text) {
		c.credits, text = *numberIn(m[1]), m[2]
	}
	for {
		before := text
		if m := letterCredits.FindStringSubmatch(text); m != nil && c.credits == 0 {
			c.credits, text = *numberIn(m[2] + m[3]), m[1]
		}
		text = strings.TrimSpace(gradeNote.ReplaceAllString(text, ""))
		if text == before {
			break
		}
	}
	c.title = text
}

// addLine adds a line below the row: its credits, or more of its title. It reports whether the line is one of these.
func (c *letterCourse) addLine(l layout.Line) bool {
	if l.Page == c.line.Page && l.Baseline-c.line.Baseline > 2.2*l.Size {
		return false
	}
	m := letterCredits.FindStringSubmatch(l.Text)
	title := l.Text
	if m != nil {
		title = m[1]
	}
	note := gradeNote.ReplaceAllString(title, "")
	if note != "" && (strings.ToUpper(note) != note || noValue.MatchString(note) || note[0] >= '0' && note[0] <= '9') || m != nil && c.credits > 0 {
		return false
	}
	c.line = l
	if m != nil {
		c.credits = *numberIn(m[2] + m[3])
	}
	c.title = strings.TrimSpace(c.title + " " + strings.TrimSpace(note))
	return true
}

func (c letterCourse) toTransfer(grade string) Transfer {
	return Transfer{Code: c.code, Title: c.title, Credits: c.credits, Grade: grade, Unassigned: !courseCode.MatchString(c.code)}
}

// codesOf returns the codes of courses, each once, in order.
func codesOf(courses []letterCourse) []string {
	codes := []string{}
	for _, c := range courses {
		if courseCode.MatchString(c.code) {
			codes = append(codes, c.code)
		}
	}
	return sortedSet(codes)
}

// valueRows is the rows of a value: the granted ones, the potential ones, and the lines that were not understood.
type valueRows struct {
	granted, potential []letterCourse
	unread             []layout.Line
}

// unreadText matches a line that names a course or credits: it is no sentence.
var unreadText = regexp.MustCompile(`^\W*(?:\d{1,2}[.,]\d{2} +)?[A-Z]{2,4} ?-? ?\d|\d[.,]\d{2}\b|\b[A-Z]{2,4} \d{3,4}\b|(?i)^\W*\d{1,2} credits?\b`)

// readRows reads the rows at the beginning of lines of a value. Credits that depend on courses in progress are
// potential.
func readRows(e entry) valueRows {
	var rows valueRows
	section := &rows.granted
	open := false // the last line is a row
	for i := 0; i < len(e.lines); i++ {
		l := e.lines[i]
		text := l.Text
		ahead := entry{e.lines[i:min(len(e.lines), i+maxPartLines)]}
		if part := partName.FindStringSubmatch(ahead.joinText()); part != nil {
			section, open = &rows.granted, false
			if part[1] != "" {
				section = &rows.potential
			}
			for k, a := range ahead.lines {
				if strings.Contains(a.Text, ":") {
					i += k
					break
				}
			}
			_, text, _ = strings.Cut(e.lines[i].Text, ":")
			text = strings.TrimSpace(text)
		}
		courses, unclear := splitRow(text)
		switch {
		case len(courses) > 0:
			for k := range courses {
				courses[k].line = l
			}
			if unclear {
				rows.unread = append(rows.unread, l)
			}
			*section = append(*section, courses...)
			open = true
		case open && (*section)[len(*section)-1].addLine(l):
		default:
			open = false
			if unreadText.MatchString(text) {
				rows.unread = append(rows.unread, l)
			}
		}
	}
	return rows
}

// places returns where the rows are printed.
func (rows valueRows) places() []RowPlace {
	var all []RowPlace
	for _, c := range slices.Concat(rows.granted, rows.potential) {
		p := RowPlace{Code: c.code, Page: c.line.Page, X0: c.line.X0, X1: c.line.X1, Y0: c.line.Baseline, Y1: c.line.Baseline}
		for _, w := range c.line.Words {
			p.Y0, p.Y1 = min(p.Y0, w.Top), max(p.Y1, w.Bottom)
		}
		all = append(all, p)
	}
	return all
}

// unreadLines returns the rows that lines name and that were not read.
func unreadLines(lines []layout.Line) []unreadRow {
	rows := make([]unreadRow, len(lines))
	for i, l := range lines {
		rows[i] = unreadRow{page: l.Page, transfers: true}
		if courses, _ := splitRow(l.Text); len(courses) == 0 {
			rows[i].code = codeInText.FindString(l.Text)
		}
	}
	return rows
}

var codeInText = regexp.MustCompile(`\b[A-Z]{2,4} \d{3,4}\b`)
