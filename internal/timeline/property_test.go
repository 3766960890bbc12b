package timeline_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/trackmydegree/trackmydegree/internal/audit"
	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/cataloguetest"
	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/term"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
	"github.com/trackmydegree/trackmydegree/internal/timeline/wire"
	"github.com/trackmydegree/trackmydegree/internal/timelinetest"
)

// The generators produce valid and unusual input of document readers and clients.

// small is the embedded catalogue with shorter pools: the tests take a tenth of the time.
var small = sync.OnceValue(func() *catalogue.Catalogue {
	d := cataloguetest.EmbeddedData()
	for i := range d.Pools {
		if p := &d.Pools[i]; len(p.Courses) > 60 {
			p.Courses = p.Courses[:40]
		}
	}
	c, err := catalogue.New(d)
	if err != nil {
		panic(err)
	}
	return c
})

// smallBuilder is its builder.
var smallBuilder = sync.OnceValue(func() *timeline.Builder { return timeline.NewBuilder(small()) })

func genDegree(t *rapid.T) catalogue.Degree {
	return rapid.SampledFrom(small().StandaloneDegrees()).Draw(t, "degree")
}

func genCode(t *rapid.T) string {
	switch rapid.IntRange(0, 9).Draw(t, "kind of code") {
	case 0:
		return rapid.SampledFrom([]string{"CWTE 100", "CWTC 101", "CWT 200", "ENGR 107", "POLI 202", "ENCS272", "comp  248", "X9"}).Draw(t, "odd code")
	case 1:
		return rapid.StringMatching(`[A-Z]{2,4} [0-9]{3,4}`).Draw(t, "unknown code")
	case 2, 3, 4:
		return rapid.SampledFrom(small().Courses()).Draw(t, "course").Code
	}
	pools := genDegree(t).Pools
	pool, _ := small().FindPool(rapid.SampledFrom(pools).Draw(t, "pool"))
	return rapid.SampledFrom(pool.Courses).Draw(t, "course of a pool")
}

func genCodes(t *rapid.T, most int) []string {
	return rapid.SliceOfN(rapid.Custom(genCode), 0, most).Draw(t, "codes")
}

func genTerm(t *rapid.T) string {
	season := rapid.SampledFrom([]term.Season{term.Winter, term.WinterSummer, term.Spring, term.Summer, term.Fall, term.FallWinter}).Draw(t, "season")
	s := term.Term{Year: rapid.IntRange(2020, 2031).Draw(t, "year"), Season: season}.String()
	if rapid.Bool().Draw(t, "capitals") {
		s = strings.ToUpper(s)
	}
	return s
}

func genDocument(t *rapid.T) document.Document {
	info := &document.ProgramInfo{
		Degree: genDegree(t).Name, IsCoop: rapid.Bool().Draw(t, "co-op"),
		IsExtendedCreditProgram: rapid.Bool().Draw(t, "extended"), EWTSatisfied: rapid.Bool().Draw(t, "ewt"),
	}
	doc := document.Document{
		Kind: rapid.SampledFrom([]document.Kind{document.Transcript, document.Letter}).Draw(t, "kind"), ProgramInfo: info,
		TransferredCourses: genCodes(t, 4), ExemptedCourses: genCodes(t, 4), DeficiencyCourses: genCodes(t, 3),
	}
	if rapid.Bool().Draw(t, "total printed") {
		info.MinimumProgramLength = ptr(rapid.SampledFrom([]float64{0, -3, 90, 120, 138, 144, 1e300}).Draw(t, "total"))
	}
	if rapid.Bool().Draw(t, "terms named") {
		info.FirstTerm, info.LastTerm = ptr(genTerm(t)), ptr(genTerm(t))
	}
	marks := []string{"", "", "A+", "B", "C-", "D+", "D-", "F", "PASS", "DISC", "EX", "TRC", "INC", "NR", "R", "AU", "b ", "?"}
	for range rapid.IntRange(0, 8).Draw(t, "terms") {
		s := document.Semester{Term: genTerm(t)}
		for range rapid.IntRange(0, 5).Draw(t, "sittings") {
			s.Courses = append(s.Courses, document.Sitting{
				Code: genCode(t), Title: rapid.SampledFrom([]string{"", "TITLE", "Ünïcode \"<&> \u2028"}).Draw(t, "title"),
				CreditsAttempted: rapid.SampledFrom([]float64{0, 1.5, 3, 3.1, -1, 1e300}).Draw(t, "credits"),
				CreditsEarned:    rapid.SampledFrom([]float64{0, 0, 3, 4, -1, 1e300}).Draw(t, "earned"),
				Grade:            rapid.SampledFrom(marks).Draw(t, "grade"), Notation: rapid.SampledFrom(marks).Draw(t, "notation"),
			})
		}
		doc.Semesters = append(doc.Semesters, s)
	}
	return doc
}

func genName(t *rapid.T) string {
	if rapid.IntRange(0, 3).Draw(t, "placeholder") == 0 {
		return rapid.SampledFrom([]string{"GEN ED ELECTIVE", "Technical Electives", "something else", "Work Term 1"}).Draw(t, "name")
	}
	return genCode(t)
}

func genForm(t *rapid.T) timeline.Form {
	f := timeline.Form{
		Degree: genDegree(t).ID, FirstTerm: fmt.Sprintf("%s %d", rapid.SampledFrom([]string{"Winter", "Spring", "summer", "FALL"}).Draw(t, "season"), rapid.IntRange(2020, 2030).Draw(t, "year")),
		IsCoop: rapid.Bool().Draw(t, "co-op"), IsExtendedCreditProgram: rapid.Bool().Draw(t, "extended"),
		EWTSatisfied: rapid.Bool().Draw(t, "ewt"), MinimumProgramLength: rapid.Float64Range(0, 200).Draw(t, "length"),
	}
	switch rapid.IntRange(0, 2).Draw(t, "sequence") {
	case 0:
		f.Sequence = rapid.SampledFrom(small().Sequences()).Draw(t, "published").Name
	case 1:
		for range rapid.IntRange(1, 12).Draw(t, "terms") {
			f.PredefinedSequence = append(f.PredefinedSequence, timeline.SequenceTerm{
				Type:      rapid.SampledFrom([]string{"Academic", "Co-op"}).Draw(t, "type"),
				CoopLabel: rapid.SampledFrom([]string{"", "Work Term 1"}).Draw(t, "label"),
				Courses:   rapid.SliceOfN(rapid.Custom(genName), 0, 5).Draw(t, "courses"),
			})
		}
	}
	return f
}

func genState(t *rapid.T) timeline.State {
	s := timeline.State{
		Status:  rapid.SampledFrom([]timeline.Status{timeline.Completed, timeline.InProgress, timeline.Planned, timeline.Incomplete}).Draw(t, "status"),
		Via:     rapid.SampledFrom([]string{"", "", "transfer", "exemption"}).Draw(t, "via"),
		Message: rapid.SampledFrom([]string{"", "a remark", "not part of the degree"}).Draw(t, "message"),
	}
	if rapid.Bool().Draw(t, "in a term") {
		s.Semester = ptr(genTerm(t))
	}
	return s
}

// genPatch generates a valid edit of r.
func genPatch(t *rapid.T, r *timeline.Result) timeline.Patch {
	var p timeline.Patch
	maybe := func(what string) bool { return rapid.IntRange(0, 2).Draw(t, what) == 0 }
	isCode := func(codes []string) []string {
		return slices.DeleteFunc(codes, func(c string) bool { return !catalogue.IsCode(catalogue.NormalizeCode(c)) })
	}
	if maybe("exemptions") {
		p.Exemptions = ptr(isCode(genCodes(t, 4)))
	}
	if maybe("deficiencies") {
		p.Deficiencies = ptr(isCode(genCodes(t, 4)))
	}
	if maybe("name") {
		p.TimelineName = ptr(rapid.SampledFrom([]string{"", "My plan", " spaces "}).Draw(t, "timeline name"))
	}
	if maybe("co-op") {
		p.IsCoop = ptr(!r.IsCoop)
	}
	if maybe("extended") {
		p.IsExtendedCredit = ptr(!r.IsExtendedCredit)
	}
	if maybe("courses") {
		p.Courses = map[string]timeline.State{}
		for _, s := range r.Semesters {
			for _, c := range s.Courses {
				if catalogue.IsCode(c.Code) && r.Courses[c.Code].ID != "" && rapid.Bool().Draw(t, "change") {
					p.Courses[c.Code] = genState(t)
				}
			}
		}
		p.Courses[rapid.SampledFrom(small().Courses()).Draw(t, "course").Code] = genState(t)
	}
	if maybe("semesters") {
		var semesters []timeline.Semester
		seen := map[string]bool{}
		for _, s := range r.Semesters {
			label := s.Term
			if rapid.IntRange(0, 3).Draw(t, "move") == 0 {
				label = genTerm(t)
			}
			parsed, _ := term.Parse(label)
			if seen[parsed.UpperLabel()] {
				continue
			}
			seen[parsed.UpperLabel()] = true
			courses := slices.Clone(s.Courses)
			if rapid.Bool().Draw(t, "add a course") {
				courses = append(courses, timeline.Sitting{Code: genName(t)})
			}
			if len(courses) > 0 && rapid.Bool().Draw(t, "drop a course") {
				courses = courses[1:]
			}
			semesters = append(semesters, timeline.Semester{Term: label, Courses: courses})
		}
		p.Semesters = &semesters
	}
	return p
}

// hold checks the invariants of every result.
func hold(t *rapid.T, r *timeline.Result) {
	for i := 1; i < len(r.Semesters); i++ {
		a, errA := term.Parse(r.Semesters[i-1].Term)
		b, errB := term.Parse(r.Semesters[i].Term)
		if errA != nil || errB != nil || term.Compare(a, b) >= 0 {
			t.Fatalf("%s is before %s", r.Semesters[i-1].Term, r.Semesters[i].Term)
		}
	}
	holdCredits(t, r)
	for code, c := range r.Courses {
		if c.ID != code || catalogue.NormalizeCode(code) != code || !slices.Contains([]timeline.Status{"completed", "inprogress", "planned", "incomplete"}, c.State.Status) {
			t.Fatalf("%q is %+v", code, c)
		}
		if i, known := small().CourseIndex(code); known == (c.InCatalogue != nil) || known && small().Courses()[i].Credits != c.Credits {
			t.Fatalf("%s: in the catalogue %v, marked %v", code, known, c.InCatalogue)
		}
	}
	for _, p := range r.Pools {
		for _, code := range p.Courses {
			if _, ok := r.Courses[code]; !ok {
				t.Fatalf("%s of %q has no entry", code, p.ID)
			}
		}
	}
	for _, p := range r.Pools[len(r.Pools)-1].Courses {
		if r.Courses[p].State.Status != timeline.Completed {
			t.Fatalf("the exempted %s is %s", p, state(r, p))
		}
	}
}

// holdCredits checks that credits add up: in each pool the counts of its courses, and overall the pools.
func holdCredits(t *rapid.T, r *timeline.Result) {
	sum := func(c timeline.Credits) float64 { return c.Completed + c.InProgress + c.Planned }
	if len(r.Progress.Pools) != len(r.Pools) {
		t.Fatalf("progress of %d pools, there are %d", len(r.Progress.Pools), len(r.Pools))
	}
	counted := map[string]timeline.Credits{}
	// The sittings of a topics course may have several states, of which its entry has one: for the pools of such a
	// course only the sum is checked.
	mixed := map[string]bool{}
	cat := cataloguetest.Embedded()
	for _, c := range r.Courses {
		seen := map[string]bool{}
		course, _ := cat.FindCourse(c.ID)
		for _, x := range c.Counts {
			if seen[x.Pool] || x.Credits < 0 || x.Because == "" {
				t.Fatalf("%s counts as %+v", c.ID, c.Counts)
			}
			seen[x.Pool] = true
			mixed[x.Pool] = mixed[x.Pool] || course.Repeatable
			p := counted[x.Pool]
			switch c.State.Status {
			case timeline.Completed:
				p.Completed += x.Credits.Float()
			case timeline.InProgress:
				p.InProgress += x.Credits.Float()
			case timeline.Planned:
				p.Planned += x.Credits.Float()
			default:
				t.Fatalf("%s is %s and counts", c.ID, c.State.Status)
			}
			counted[x.Pool] = p
		}
	}
	var own timeline.Credits
	for i, p := range r.Progress.Pools {
		if p.ID != r.Pools[i].ID || p.CreditsRequired > r.Pools[i].CreditsRequired || p.Remaining != max(0, p.CreditsRequired-sum(p.Credits)) {
			t.Fatalf("%s does not add up: %+v", p.Name, p.Credits)
		}
		want := counted[p.ID]
		want.CreditsRequired, want.Remaining = p.CreditsRequired, p.Remaining
		if p.Credits != want && !(mixed[p.ID] && sum(p.Credits) == sum(want)) {
			t.Fatalf("%s: %+v, its courses count %+v", p.Name, p.Credits, want)
		}
		if i < len(r.Degree.CoursePools) || p.ID == audit.OtherCreditsID {
			own.Completed, own.InProgress, own.Planned = own.Completed+p.Completed, own.InProgress+p.InProgress, own.Planned+p.Planned
		}
	}
	own.CreditsRequired = r.Totals.Required
	own.Remaining = max(0, own.CreditsRequired-sum(own))
	if r.Progress.Overall != own {
		t.Fatalf("overall %+v; the pools add up to %+v", r.Progress.Overall, own)
	}
	if r.Totals.Source != audit.FromDocument && r.Totals.Required != r.Degree.TotalCredits {
		t.Fatalf("totals %+v, the degree has %v credits", r.Totals, r.Degree.TotalCredits)
	}
}

func encoded(t *rapid.T, r *timeline.Result, err error) string {
	if err != nil {
		t.Fatal(timelinetest.DescribeFault(err))
	}
	b, err := wire.EncodeResult(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func same(t *rapid.T, what, want, got string) {
	if want != got {
		i := 0
		for i < min(len(want), len(got)) && want[i] == got[i] {
			i++
		}
		show := func(s string) string { return s[max(0, min(i, len(s))-200):min(len(s), i+200)] }
		t.Fatalf("%s: differs at %d:\n%s\n---\n%s", what, i, show(want), show(got))
	}
}

// stable checks that a result stays the same when it is stored, saved, loaded, and edited without a change.
func stable(t *rapid.T, r *timeline.Result) {
	want := encoded(t, r, nil)
	back, err := wire.DecodeResult([]byte(want))
	same(t, "decoded", want, encoded(t, back, err))
	again, err := smallBuilder().FromSaved(back.ToSaved(), now)
	same(t, "saved and loaded", want, encoded(t, again, err))
	again, err = smallBuilder().ApplyPatch(back, timeline.Patch{}, now)
	same(t, "an empty edit", want, encoded(t, again, err))
	for _, slim := range []*timeline.Result{r.SlimView()} {
		for code, c := range slim.Courses {
			if diff := cmp.Diff(r.Courses[code], c); diff != "" {
				t.Fatalf("slim %s: %s", code, diff)
			}
		}
	}
}
