package document_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/warning"
)

// transferLine is a printed row of transfers.
type transferLine struct{ code, from, grade, credits string }

// transferStyles set rows of transfers: as a table, and as cards with and without labels.
var transferStyles = map[string]func(rows []transferLine) string{
	"table": func(rows []transferLine) string {
		text := fmt.Sprintf("%-16s%-30s%-8s%-16s%s\n", "COURSE", "DESCRIPTION", "GRADE", "YEAR ATTENDED", "CREDITS EARNED")
		for _, r := range rows {
			text += fmt.Sprintf("%-16s%-30s%-8s%-16s%s\n", r.code, r.from, r.grade, "NA", r.credits)
		}
		return text
	},
	"cards with labels": func(rows []transferLine) string {
		text := ""
		for _, r := range rows {
			text += fmt.Sprintf("COURSE: %s\nDESCRIPTION: %s\nGRADE: %s\nYEAR ATTENDED: NA\nPROGRAM CREDITS EARNED: %s\n\n", r.code, r.from, r.grade, r.credits)
		}
		return text
	},
	"labels above values": func(rows []transferLine) string {
		text := ""
		for _, r := range rows {
			text += fmt.Sprintf("COURSE\n%s\nDESCRIPTION\n%s\nGRADE\n%s\nYEAR ATTENDED\nNA\nPROGRAM CREDITS EARNED\n%s\n\n", r.code, r.from, r.grade, r.credits)
		}
		return text
	},
	"cells below each other": func(rows []transferLine) string {
		text := "COURSE\nDESCRIPTION\nGRADE\nYEAR ATTENDED\nPROGRAM CREDITS EARNED\n\n"
		for _, r := range rows {
			text += strings.Join([]string{r.code, r.from, r.grade, "NA", r.credits}, "\n") + "\n\n"
		}
		return text
	},
}

// TestReadTransfersOfRecords reads rows of transfers that name no course, or several, in the layouts of courses.
func TestReadTransfersOfRecords(t *testing.T) {
	t.Parallel()
	lines := []transferLine{
		{"MATH 203", "Vanier College", "EX", "0.00"}, {"PHIL 2XX", "Dawson College", "TRC", "3.00"}, {"GNRL 3---", "Dawson College", "TRC", "6.00"},
		{"PHYS 204/205", "Vanier College", "EX", "3.00"}, {"HUMA UNSP", "Vanier College", "TRC", "3.00"}, {"HIST 203", "Vanier College", "TRC", "3.00"},
	}
	want := []document.Transfer{
		{Code: "MATH 203", Origin: "Vanier College", Grade: "EX"}, {Code: "PHIL 2XX", Origin: "Dawson College", Credits: 3, Grade: "TRC", Unassigned: true},
		{Code: "GNRL 3---", Origin: "Dawson College", Credits: 6, Grade: "TRC", Unassigned: true}, {Code: "PHYS 204", Origin: "Vanier College", Credits: 3, Grade: "EX"},
		{Code: "PHYS 205", Origin: "Vanier College", Grade: "EX"}, {Code: "HUMA UNSP", Origin: "Vanier College", Credits: 3, Grade: "TRC", Unassigned: true},
		{Code: "HIST 203", Origin: "Vanier College", Credits: 3, Grade: "TRC"},
	}
	for name, set := range transferStyles {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := usualText()
			l.record.terms[0].transfers = nil
			heading := l.heading
			l.heading = func(term string) string {
				if term == "Fall 2022" {
					return heading(term) + "Transfer Credits\n" + set(lines)
				}
				return heading(term)
			}
			if name != "table" {
				cards := cardLayout{Labels: map[string]int{"cards with labels": 1, "labels above values": 2}[name], Order: []int{0, 1, 2, 3, 4, 5}, Width: 60, BlankLines: 1}
				l.header = func(textLayout, textTerm) string { return cards.header() }
				l.row = func(_ textLayout, _ textTerm, row textRow, _ int) string { return cards.card(row) }
			}
			got, err := document.Read(setText(l.text()))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got.Transfers, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("transfers: want -, got +\n%s", diff)
			}
			facts := l.record.document()
			facts.ExemptedCourses, facts.TransferredCourses = []string{"MATH 203", "PHYS 204", "PHYS 205"}, []string{"HIST 203"}
			if diff := cmp.Diff(facts, got.Plain(), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("facts: want -, got +\n%s", diff)
			}
			if !slices.ContainsFunc(got.Warnings, func(w warning.Warning) bool {
				return w.Course == "PHYS 204/205" && w.Code == warning.TransferNotUnderstood
			}) {
				t.Errorf("warnings: got %v, want one of PHYS 204/205", got.Warnings)
			}
		})
	}
}
