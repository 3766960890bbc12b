package french_test

import (
	"errors"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/french"
)

func TestIsPreferred(t *testing.T) {
	t.Parallel()
	for accepted, want := range map[string]bool{"": false, "fr-CA": true, "fr-CA,fr;q=0.9,en;q=0.8": true, "en-CA,fr;q=0.5": false, "de": false, "\x00": false} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Accept-Language", accepted)
		if got := french.IsPreferred(r); got != want {
			t.Errorf("Accept-Language %q: got %t, want %t", accepted, got, want)
		}
	}
}

func TestTranslateSentence(t *testing.T) {
	t.Parallel()
	for english, want := range map[string]string{
		"Choose a degree.":                                                      "Choisissez un programme.",
		"COMP 248 is already in FALL 2026.":                                     "COMP 248 est déjà en automne 2026.",
		"COMP 352 is in the record already.":                                    "COMP 352 est déjà dans le dossier.",
		"At most 30 courses in a term.":                                         "Au plus 30 cours par trimestre.",
		"SOEN 490 cannot stand before FALL 2028: what it asks for comes first.": "SOEN 490 ne peut pas venir avant automne 2028 : ce qu’il exige vient d’abord.",
		"COMP 472 asks for a course that is avoided, excluded or unknown: 2 of COMP 352, COMP 353 and 4 others.": "COMP 472 exige un cours évité, exclu ou inconnu : 2 de COMP 352, COMP 353 et 4 autres.",
		"MATH 201 counts as transferred. Take that back first.":                                                  "MATH 201 compte comme transféré. Revenez d’abord là-dessus.",
	} {
		if got, ok := french.TranslateSentence(english); !ok || got != want {
			t.Errorf("%s: got %q, want %q", english, got, want)
		}
	}
	if got, ok := french.TranslateSentence("Something else."); ok || got != "Something else." {
		t.Errorf("got %q, %t of an unknown sentence, want it unchanged", got, ok)
	}
}

func TestTranslateNotes(t *testing.T) {
	t.Parallel()
	const english = "ENGR 201 is exempted: 1.5 credits less are required. Something else. ENGR 202 is exempted without credits: other courses make up its 1.5."
	const want = "ENGR 201 est exempté : 1,5 crédits de moins sont exigés. ENGR 202 est exempté sans crédits : d’autres cours comblent ses 1,5."
	if got := french.TranslateNotes(english); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestTranslateFault(t *testing.T) {
	t.Parallel()
	known := fault.Field{Path: "degree", Message: "Choose a degree."}
	err := &fault.Error{Code: fault.InvalidForm, Fields: []fault.Field{known}, Closest: []string{"BEng"}}
	got, isWhole := french.TranslateFault(err)
	want := &fault.Error{Code: fault.InvalidForm, Fields: []fault.Field{{Path: "degree", Message: "Choisissez un programme."}}, Closest: []string{"BEng"}}
	if diff := cmp.Diff(want, got); diff != "" || !isWhole {
		t.Errorf("whole: %t; want, got: %s", isWhole, diff)
	}
	if err.Fields[0] != known {
		t.Errorf("the error itself is changed: %v", err.Fields)
	}
	err.Fields = append(err.Fields, fault.Field{Path: "x", Message: "Unheard of."})
	if _, isWhole := french.TranslateFault(err); isWhole {
		t.Error("got a whole translation of an unknown sentence")
	}
	if got, isWhole := french.TranslateFault(errors.New("a cause")); got != nil || isWhole {
		t.Errorf("got %v of an error without fields, want none", got)
	}
}

// Every English sentence of the table is one that the sources still say, and every French one has its arguments.
func TestSentencesAreSaid(t *testing.T) {
	t.Parallel()
	var sources strings.Builder
	err := filepath.WalkDir(filepath.Join("..", "..", "..", "internal"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.Contains(path, "french") {
			return err
		}
		source, err := os.ReadFile(path)
		sources.Write(source)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	argument := regexp.MustCompile(`\$\d`)
	for _, s := range french.Sentences {
		if !strings.Contains(sources.String(), s.English) {
			t.Errorf("no source says %q", s.English)
		}
		count := len(regexp.MustCompile(`%[sdq]`).FindAllString(s.English, -1))
		for i := 1; i <= count; i++ {
			if !strings.Contains(s.French, "$"+strconv.Itoa(i)) {
				t.Errorf("%q lacks the argument %d", s.French, i)
			}
		}
		if got := len(argument.FindAllString(s.French, -1)); got != count {
			t.Errorf("%q has %d arguments, want %d", s.French, got, count)
		}
	}
}
