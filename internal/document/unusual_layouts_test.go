package document_test

import (
	"fmt"
	"slices"
	"strings"
)

func unusualLayouts(rename func([]textColumn, textColumn, ...string) []textColumn) map[string]func(*textLayout) {
	order := func(c ...textColumn) func(*textLayout) { return func(l *textLayout) { l.columns = c } }
	plainRow := usualText().row
	return map[string]func(*textLayout){
		"usual":                     func(*textLayout) {},
		"grade before attempted":    order(colCode, colTitle, colGrade, colTried, colMark, colPoints, colAverage, colSize, colEarned, colOther),
		"credits before the title":  order(colCode, colTried, colTitle, colGrade, colMark, colPoints, colAverage, colSize, colEarned),
		"grade before the title":    order(colCode, colGrade, colTitle, colTried, colMark, colPoints, colEarned),
		"grade and credits first":   order(colGrade, colTried, colCode, colTitle, colMark, colPoints, colEarned),
		"title before the code":     order(colTitle, colCode, colTried, colGrade, colMark, colPoints, colAverage, colSize, colEarned),
		"earned before attempted":   order(colCode, colTitle, colEarned, colTried, colGrade, colMark, colPoints),
		"earned before grade":       order(colCode, colTitle, colTried, colEarned, colGrade, colMark, colPoints),
		"notation at the end":       order(colCode, colTitle, colTried, colGrade, colPoints, colEarned, colMark),
		"no GPA columns":            order(colCode, colTitle, colTried, colGrade, colMark, colEarned),
		"no notation":               order(colCode, colTitle, colTried, colGrade, colPoints, colEarned),
		"no earned":                 order(colCode, colTitle, colTried, colGrade, colMark),
		"a column of points":        order(colCode, colTitle, colTried, colGrade, colMark, col(9, func(r textRow) string { return fmt.Sprintf("%.2f", pointsOf[r.Grade]*r.CreditsAttempted) }, "POINTS"), colEarned),
		"a column of status":        order(colCode, colTitle, colTried, colGrade, col(9, func(r textRow) string { return "REG" }, "STATUS"), colMark, colEarned),
		"a column of repeat flags":  order(colCode, colTitle, col(5, func(r textRow) string { return r.Notation }, "RPT"), colTried, colGrade, colMark, colEarned),
		"a column of lines":         order(col(6, func(r textRow) string { return "1" }, "NO."), colCode, colTitle, colTried, colGrade, colMark, colEarned),
		"a column of class numbers": order(colCode, col(8, func(r textRow) string { return "41207" }, "CLASS", "NBR"), colTitle, colTried, colGrade, colMark, colEarned),
		"section of its own":        order(col(12, cellOnly, "COURSE"), col(10, cellSection, "SECTION"), colTitle, colTried, colGrade, colMark, colPoints, colEarned),
		"section after the title":   order(col(12, cellOnly, "COURSE"), colTitle, col(10, cellSection, "SECTION"), colTried, colGrade, colMark, colEarned),
		"term in each row":          order(col(13, func(r textRow) string { return "Fall 2022" }, "TERM"), colCode, colTitle, colTried, colGrade, colMark, colEarned),
		"subject and number apart":  order(col(10, func(r textRow) string { return strings.Fields(r.Code)[0] }, "SUBJECT"), col(10, func(r textRow) string { return strings.Fields(r.Code)[1] }, "NUMBER"), col(10, cellSection, "SECTION"), colTitle, colTried, colGrade, colEarned),
		"Cr. for attempted":         func(l *textLayout) { l.columns = rename(l.columns, colTried, "CR.") },
		"Units": func(l *textLayout) {
			l.columns = rename(rename(l.columns, colTried, "UNITS", "ATTEMPTED"), colEarned, "UNITS", "EARNED")
		},
		"Credits for attempted": func(l *textLayout) { l.columns = rename(l.columns, colTried, "CREDITS") },
		"Att. and Earn.":        func(l *textLayout) { l.columns = rename(rename(l.columns, colTried, "ATT."), colEarned, "EARN.") },
		"Title for description": func(l *textLayout) { l.columns = rename(l.columns, colTitle, "TITLE") },
		"Course title":          func(l *textLayout) { l.columns = rename(l.columns, colTitle, "COURSE TITLE") },
		"Mark for grade":        func(l *textLayout) { l.columns = rename(l.columns, colGrade, "MARK") },
		"Gr. for grade":         func(l *textLayout) { l.columns = rename(l.columns, colGrade, "GR.") },
		"mixed case": func(l *textLayout) {
			l.columns = rename(rename(rename(l.columns, colTitle, "Description"), colTried, "Attempted"), colCode, "Course")
		},
		"French labels": func(l *textLayout) {
			l.columns = rename(rename(rename(rename(rename(l.columns, colCode, "COURS"), colTitle, "TITRE"), colTried, "CRÉDITS"), colGrade, "NOTE"), colEarned, "OBTENUS")
		},
		"French numbers": func(l *textLayout) {
			for i, c := range l.columns {
				cell := c.cell
				if c.name[0] == "ATTEMPTED" || c.name[0] == "PROGRAM" {
					l.columns = slices.Clone(l.columns)
					l.columns[i].cell = func(r textRow) string { return strings.ReplaceAll(cell(r), ".", ",") }
				}
			}
		},
		"whole numbers": func(l *textLayout) {
			for i, c := range l.columns {
				cell := c.cell
				if c.name[0] == "ATTEMPTED" || c.name[0] == "PROGRAM" {
					l.columns = slices.Clone(l.columns)
					l.columns[i].cell = func(r textRow) string { return strings.TrimSuffix(strings.TrimSuffix(cell(r), ".00"), "0") }
				}
			}
		},
		"numbers to the right": func(l *textLayout) {
			l.columns = slices.Clone(l.columns)
			for i := 2; i < len(l.columns); i++ {
				l.columns[i].right = true
			}
		},
		"lower case codes": func(l *textLayout) {
			l.row = func(l textLayout, t textTerm, r textRow, k int) string {
				return strings.Replace(plainRow(l, t, r, k), strings.Fields(r.Code)[0], strings.ToLower(strings.Fields(r.Code)[0]), 1)
			}
		},
		"mixed case codes": func(l *textLayout) {
			l.row = func(l textLayout, t textTerm, r textRow, k int) string {
				c := strings.Fields(r.Code)[0]
				return strings.Replace(plainRow(l, t, r, k), c, c[:1]+strings.ToLower(c[1:]), 1)
			}
		},
		"code with a hyphen": func(l *textLayout) {
			l.row = func(l textLayout, t textTerm, r textRow, k int) string {
				c := strings.Fields(r.Code)
				return strings.Replace(plainRow(l, t, r, k), c[0]+"  "+c[1], c[0]+"-"+c[1]+" ", 1)
			}
		},
		"code and section by a slash": func(l *textLayout) {
			l.row = func(l textLayout, t textTerm, r textRow, k int) string {
				c := strings.Fields(r.Code)
				return strings.Replace(plainRow(l, t, r, k), cellCode(r), c[0]+" "+c[1]+"/"+r.Section+" ", 1)
			}
		},
		"no header": func(l *textLayout) { l.header = func(textLayout, textTerm) string { return "" } },
		"header once": func(l *textLayout) {
			l.header = func(l textLayout, t textTerm) string {
				if t.term == "Fall 2022" {
					return setHeader(l.columns)
				}
				return ""
			}
		},
		"GPA between rows": func(l *textLayout) {
			l.row = func(l textLayout, t textTerm, r textRow, k int) string {
				return plainRow(l, t, r, k) + fmt.Sprintf("        Running GPA %.2f\n", 3.1)
			}
		},
		"term GPA between rows": func(l *textLayout) {
			l.row = func(l textLayout, t textTerm, r textRow, k int) string {
				if k == 1 {
					return "Term GPA 3.10\n" + plainRow(l, t, r, k)
				}
				return plainRow(l, t, r, k)
			}
		},
		"heading at the right":  func(l *textLayout) { l.heading = func(t string) string { return strings.Repeat(" ", 100) + t + "\n" } },
		"heading in the middle": func(l *textLayout) { l.heading = func(t string) string { return strings.Repeat(" ", 50) + t + "\n" } },
		"heading with the degree": func(l *textLayout) {
			l.heading = func(t string) string { return t + "   Bachelor of Engineering, Software Engineering\n" }
		},
		"degree then heading at the right": func(l *textLayout) {
			l.heading = func(t string) string {
				return fmt.Sprintf("%-100s%s\n", "Bachelor of Engineering, Software Engineering", t)
			}
		},
		"heading in capitals":  func(l *textLayout) { l.heading = func(t string) string { return strings.ToUpper(t) + "\n" } },
		"heading with a colon": func(l *textLayout) { l.heading = func(t string) string { return "Term: " + t + "\n" } },
		"heading in brackets":  func(l *textLayout) { l.heading = func(t string) string { return "--- " + t + " ---\n" } },
		"heading with term":    func(l *textLayout) { l.heading = func(t string) string { return t + " Term\n" } },
		"year before the season": func(l *textLayout) {
			l.heading = func(t string) string { f := strings.Fields(t); return f[1] + " " + f[0] + "\n" }
		},
		"short seasons": func(l *textLayout) {
			l.heading = func(t string) string { f := strings.Fields(t); return f[0][:3] + " " + f[1] + "\n" }
		},
		"French seasons": func(l *textLayout) {
			l.heading = func(t string) string {
				return strings.NewReplacer("Fall", "Automne", "Winter", "Hiver", "Summer", "Été").Replace(t) + "\n"
			}
		},
		"Autumn": func(l *textLayout) {
			l.heading = func(t string) string { return strings.Replace(t, "Fall", "Autumn", 1) + "\n" }
		},
		"heading below the table": func(l *textLayout) {
			l.heading = func(t string) string { return "" }
			l.average = func(v float64) string { return fmt.Sprintf("Term GPA %.2f\n", v) }
		},
		"page header in the middle of a row": func(l *textLayout) {
			l.row = func(l textLayout, t textTerm, r textRow, k int) string {
				if k == 2 {
					return "\fStudent Record          Kim Example  40000000\n\n" + plainRow(l, t, r, k)
				}
				return plainRow(l, t, r, k)
			}
		},
		"page header with term": func(l *textLayout) {
			l.row = func(l textLayout, t textTerm, r textRow, k int) string {
				if k == 2 {
					return "\fStudent Record          Printed\nFall 2026\n" + plainRow(l, t, r, k)
				}
				return plainRow(l, t, r, k)
			}
		},
		"page break in a title": func(l *textLayout) {
			l.row = wrappedRows(20, true)
		},
		"title wraps under the code": func(l *textLayout) {
			l.row = func(l textLayout, t textTerm, r textRow, k int) string {
				if len(r.Title) < 30 {
					return plainRow(l, t, r, k)
				}
				at := strings.LastIndex(r.Title[:30], " ")
				rest := r.Title[at+1:]
				r.Title = r.Title[:at]
				return plainRow(l, t, r, k) + rest + "\n"
			}
		},
		"title wraps, indented under the code": func(l *textLayout) {
			l.row = func(l textLayout, t textTerm, r textRow, k int) string {
				if len(r.Title) < 30 {
					return plainRow(l, t, r, k)
				}
				at := strings.LastIndex(r.Title[:30], " ")
				rest := r.Title[at+1:]
				r.Title = r.Title[:at]
				return plainRow(l, t, r, k) + "    " + rest + "\n"
			}
		},
		"title wraps": func(l *textLayout) { l.row = wrappedRows(20, false) },
		"footer like a code": func(l *textLayout) {
			l.row = func(l textLayout, t textTerm, r textRow, k int) string {
				if k == 2 {
					return "FORM 1234   REV 2022\n\fFORM 1234   REV 2022\n" + plainRow(l, t, r, k)
				}
				return plainRow(l, t, r, k)
			}
		},
		"footer like a row": func(l *textLayout) {
			l.row = func(l textLayout, t textTerm, r textRow, k int) string {
				if k == 2 {
					return "ISO 9001  CERTIFIED                                        1.00\n\f" + plainRow(l, t, r, k)
				}
				return plainRow(l, t, r, k)
			}
		},
		"remarks below the rows": func(l *textLayout) {
			l.row = func(l textLayout, t textTerm, r textRow, k int) string {
				return plainRow(l, t, r, k) + "                REMARK: REPEATED FOR CREDIT\n"
			}
		},
		"topics below the rows": func(l *textLayout) {
			l.row = func(l textLayout, t textTerm, r textRow, k int) string {
				return plainRow(l, t, r, k) + "                  Topic: Selected Papers\n"
			}
		},
		"instructor below the rows": func(l *textLayout) {
			l.row = func(l textLayout, t textTerm, r textRow, k int) string {
				return plainRow(l, t, r, k) + "  Instructor: A. Person\n"
			}
		},
		"sums below the rows": func(l *textLayout) {
			l.average = func(v float64) string {
				return fmt.Sprintf("%60s%-11s%28s\nTerm GPA %.2f\n", "TOTAL ", "11.00", "8.00", v)
			}
		},
		"blank column":         order(colCode, col(14, cellNone, "STREAM"), colTitle, colTried, colGrade, colMark, colEarned),
		"blank column unnamed": order(colCode, colTitle, col(14, cellNone, ""), colTried, colGrade, col(14, cellNone, ""), colEarned),
		"stars for missing": order(colCode, colTitle, colTried, col(7, func(r textRow) string {
			if r.Grade == "" {
				return "***"
			}
			return r.Grade
		}, "GRADE"), colMark, colEarned),
		"dashes for missing": order(colCode, colTitle, colTried, col(7, func(r textRow) string {
			if r.Grade == "" {
				return "--"
			}
			return r.Grade
		}, "GRADE"), colMark, colPoints, colEarned),
		"IP for in progress": order(colCode, colTitle, colTried, col(7, func(r textRow) string {
			if r.Grade == "" {
				return "IP"
			}
			return r.Grade
		}, "GRADE"), colMark, colPoints, colEarned),
		"grade with percent": order(colCode, colTitle, colTried, col(9, func(r textRow) string {
			if r.Grade == "" {
				return ""
			}
			return r.Grade + " 85"
		}, "GRADE"), colMark, colPoints, colEarned),
		"percent for grade": order(colCode, colTitle, colTried, col(9, func(r textRow) string {
			if r.Grade == "" {
				return ""
			}
			return "85"
		}, "GRADE"), colMark, colPoints, colEarned),
		"earned in brackets":            order(colCode, colTitle, colTried, colGrade, colMark, colPoints, col(9, func(r textRow) string { return "(" + cellEarned(r) + ")" }, "EARNED")),
		"credits by a slash":            order(colCode, colTitle, col(14, func(r textRow) string { return cellTried(r) + "/" + cellEarned(r) }, "CREDITS"), colGrade, colMark),
		"two tables next to each other": func(l *textLayout) { l.columns = []textColumn{colCode, colTitle, colTried, colGrade, colEarned} },
		"narrow gaps": func(l *textLayout) {
			l.columns = []textColumn{col(13, func(r textRow) string { return strings.ReplaceAll(cellCode(r), "  ", " ") }, "COURSE"), col(41, cellTitle, "DESCRIPTION"), col(5, cellTried, "ATTEMPTED"), col(5, cellGrade, "GRADE"), col(9, cellMark, "NOTATION"), col(5, cellEarned, "EARNED")}
		},
		"watermark over the rows": func(l *textLayout) {
			l.row = func(l textLayout, t textTerm, r textRow, k int) string {
				if k == 1 {
					return plainRow(l, t, r, k) + strings.Repeat(" ", 30) + "U N O F F I C I A L\n"
				}
				return plainRow(l, t, r, k)
			}
		},
		"watermark on a row": func(l *textLayout) {
			l.row = func(l textLayout, t textTerm, r textRow, k int) string {
				if k == 1 {
					s := []byte(fmt.Sprintf("%-130s", strings.TrimRight(plainRow(l, t, r, k), "\n")))
					copy(s[50:], "COPY")
					return string(s) + "\n"
				}
				return plainRow(l, t, r, k)
			}
		},
		"watermark in the grade": func(l *textLayout) {
			l.row = func(l textLayout, t textTerm, r textRow, k int) string {
				if k == 1 {
					s := []byte(fmt.Sprintf("%-130s", strings.TrimRight(plainRow(l, t, r, k), "\n")))
					copy(s[72:], "COPY")
					return string(s) + "\n"
				}
				return plainRow(l, t, r, k)
			}
		},
		"no sums": func(l *textLayout) {
			l.program = strings.Replace(strings.Replace(l.program, "Program Credits Earned:\nEARNED\n", "", 1), "Cumulative GPA:\nGPA\n", "", 1)
			l.average = func(float64) string { return "" }
		},
		"no sums, other columns": func(l *textLayout) {
			l.program = strings.Replace(strings.Replace(l.program, "Program Credits Earned:\nEARNED\n", "", 1), "Cumulative GPA:\nGPA\n", "", 1)
			l.average = func(float64) string { return "" }
			l.columns = []textColumn{colCode, colTitle, colEarned, colTried, colGrade, colMark, colPoints}
		},
		"labels and values next to each other": func(l *textLayout) {
			l.program = strings.NewReplacer(":\nEARNED", ": EARNED", "GPA:\nGPA", "GPA: GPA", ":\n120", ": 120", "Term\nFall", "Term: Fall").Replace(l.program)
			l.program = strings.Replace(l.program, "GPA: GPA\n", "GPA:   \nGPA\n", 1)
		},
		"no header, no sums": func(l *textLayout) {
			withoutSums(l)
			l.header = func(textLayout, textTerm) string { return "" }
		},
		"no header, no sums, other columns": func(l *textLayout) {
			withoutSums(l)
			l.header = func(textLayout, textTerm) string { return "" }
			l.columns = []textColumn{colCode, colTitle, colEarned, colTried, colGrade, colMark, colPoints}
		},
		"no header, other columns": func(l *textLayout) {
			l.header = func(textLayout, textTerm) string { return "" }
			l.columns = []textColumn{colCode, colTitle, colEarned, colTried, colGrade, colMark, colPoints}
		},
		"no earned, no sums": func(l *textLayout) {
			withoutSums(l)
			l.columns = []textColumn{colCode, colTitle, colTried, colGrade, colMark}
		},
		"a page a term, other seasons": func(l *textLayout) {
			withoutSums(l)
			l.page = "\f"
			l.heading = func(t string) string {
				return strings.NewReplacer("Fall", "Automne", "Winter 2023", "Hiver 2023").Replace(t) + "\n"
			}
		},
		"a page a term, one heading unknown": func(l *textLayout) {
			withoutSums(l)
			l.page = "\f"
			l.heading = func(t string) string { return strings.Replace(t, "Winter 2023", "Winter term 2023", 1) + "\n" }
		},
		"one heading unknown": func(l *textLayout) {
			withoutSums(l)
			l.heading = func(t string) string { return strings.Replace(t, "Winter 2023", "Winter term 2023", 1) + "\n" }
		},
		"header once, one heading unknown": func(l *textLayout) {
			withoutSums(l)
			l.header = func(l textLayout, t textTerm) string {
				if t.term == "Fall 2022" {
					return setHeader(l.columns)
				}
				return ""
			}
			l.heading = func(t string) string { return strings.Replace(t, "Winter 2023", "Winter term 2023", 1) + "\n" }
		},
		"letters above one row": func(l *textLayout) {
			withoutSums(l)
			l.row = func(l textLayout, t textTerm, r textRow, k int) string {
				text := plainRow(l, t, r, k)
				if letters := strings.Fields(r.Code)[0]; k == 1 {
					return letters + "\n" + strings.Replace(text, letters, strings.Repeat(" ", len(letters)), 1)
				}
				return text
			}
		},
		"a minor in the program": func(l *textLayout) { l.program = strings.Replace(l.program, "Min. ", "Minor in Mathematics\nMin. ", 1) },
	}
}

// wrappedRows wraps titles at a width; with a page break inside the third row.
func wrappedRows(width int, breaks bool) func(l textLayout, t textTerm, r textRow, k int) string {
	plainRow := usualText().row
	return func(l textLayout, t textTerm, r textRow, k int) string {
		lines := []string{""}
		for _, w := range strings.Fields(r.Title) {
			if n := len(lines) - 1; len(lines[n])+len(w) <= width {
				lines[n] = strings.TrimSpace(lines[n] + " " + w)
			} else {
				lines = append(lines, w)
			}
		}
		r.Title = lines[0]
		text := plainRow(l, t, r, k)
		if breaks && k == 2 {
			text += "\f"
		}
		for _, w := range lines[1:] {
			text += strings.Repeat(" ", l.columns[0].width) + w + "\n"
		}
		return text + "\n"
	}
}

func withoutSums(l *textLayout) {
	l.program = strings.Replace(strings.Replace(l.program, "Program Credits Earned:\nEARNED\n", "", 1), "Cumulative GPA:\nGPA\n", "", 1)
	l.average = func(float64) string { return "" }
}
