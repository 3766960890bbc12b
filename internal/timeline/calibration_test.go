package timeline_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trackmydegree/trackmydegree/internal/audit"
	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/cataloguetest"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
	"github.com/trackmydegree/trackmydegree/internal/timelinetest"
)

var softwarePools = []string{
	"SOEN_Engineering Core", "SOEN_Software Engineering Core", "SOEN_Computer Science Group: Software Engineering",
	"SOEN_Engineering and Natural Science Group: Software Engineering", "SOEN_Software Engineering Electives",
	"General Education Humanities and Social Sciences Electives",
}

// The calibration cases of the specification, one test each; those of degrees are in TestDegrees.
func TestCalibrationTranscript(t *testing.T) {
	t.Parallel()
	doc := timelinetest.NewTranscript(timelinetest.SoftwarePrinted,
		"Fall 2024: COMP 232 D", "Fall 2024: COMP 248 B+", "Fall 2024: ENGR 107 PASS", "Fall 2024: ACCO 220 A",
		"Fall 2026: COMP 249", "Winter 2027: COMP 352")
	doc.ExemptedCourses = []string{"COMP 201", "MATH 203"}
	doc.TransferredCourses = []string{"HIST 283"}
	doc.DeficiencyCourses = []string{"MATH 204"}
	r := timelinetest.Must(timelinetest.Builder().FromDocument(doc, now))(t)

	for code, want := range map[string]string{
		"COMP 232": "completed FALL 2024", // with the remark c_minus
		"COMP 248": "completed FALL 2024",
		"ENGR 107": "completed FALL 2024",
		"ACCO 220": "completed FALL 2024",
		"COMP 249": "inprogress FALL 2026",
		"COMP 352": "planned WINTER 2027",
		"HIST 283": "completed via transfer",
		"MATH 203": "completed via exemption",
		"COMP 201": "completed via exemption",
		"MATH 204": "incomplete",
		"ENGR 201": "incomplete",
	} {
		if got := state(r, code); got != want {
			t.Errorf("%s: %s; want %s", code, got, want)
		}
	}
	if !hasRemark(r, audit.CMinus, "COMP 232") {
		t.Errorf("a D in COMP 232 with COMP 249 under way: got the remarks %v, want %s", r.Remarks, audit.CMinus)
	}
	for code, known := range map[string]bool{"ENGR 107": false, "COMP 201": false, "ACCO 220": true} {
		if c := r.Courses[code]; (c.InCatalogue == nil) != known || c.InCatalogue != nil && *c.InCatalogue {
			t.Errorf("%s: inCatalogue %v; want known %v", code, c.InCatalogue, known)
		}
	}
	if c := r.Courses["ENGR 107"]; c.Title != "AS PRINTED" || c.Credits != 3 {
		t.Errorf("a course that only the document knows: %q, %v credits", c.Title, c.Credits)
	}
	if diff := cmp.Diff([]string{"ENGR 107", "ACCO 220"}, pool(t, r, "unused credits").Courses); diff != "" {
		t.Errorf("unused credits (-want +got):\n%s", diff)
	}
	if p := pool(t, r, "deficiencies"); p.CreditsRequired != 3 || !slices.Equal(p.Courses, []string{"MATH 204"}) {
		t.Errorf("deficiencies: %v of %q", p.CreditsRequired, p.Courses)
	}
	if p := pool(t, r, "exemptions"); p.CreditsRequired != 0 || !slices.Equal(p.Courses, []string{"COMP 201", "MATH 203"}) {
		t.Errorf("exemptions: %v of %q", p.CreditsRequired, p.Courses)
	}
	want := append(slices.Clone(softwarePools), "unused credits", "deficiencies", "exemptions")
	if diff := cmp.Diff(want, poolIDs(r)); diff != "" {
		t.Errorf("pools (-want +got):\n%s", diff)
	}
}

func TestCalibrationForm(t *testing.T) {
	t.Parallel()
	r := timelinetest.Must(timelinetest.Builder().FromForm(timeline.Form{Degree: software, FirstTerm: "Fall 2026"}, now))(t)
	want := []string{
		"FALL 2026", "WINTER 2027", "SUMMER 2027", "FALL 2027", "WINTER 2028", "SUMMER 2028", "FALL 2028",
		"WINTER 2029", "SUMMER 2029", "FALL 2029",
	}
	if diff := cmp.Diff(want, terms(r)); diff != "" {
		t.Errorf("terms (-want +got):\n%s", diff)
	}
	for _, s := range r.Semesters {
		if len(s.Courses) > 0 {
			t.Errorf("%s holds %v", s.Term, s.Courses)
		}
	}
	if diff := cmp.Diff(append(slices.Clone(softwarePools), "deficiencies", "exemptions"), poolIDs(r)); diff != "" {
		t.Errorf("pools (-want +got):\n%s", diff)
	}
}

func TestCalibrationSequence(t *testing.T) {
	t.Parallel()
	published, ok := cataloguetest.Embedded().FindSequence("software_engineering")
	if !ok {
		t.Fatal("no published sequence")
	}
	var listed []timeline.SequenceTerm
	for _, s := range published.Terms {
		listed = append(listed, timeline.SequenceTerm{Type: string(s.Type), Courses: s.Courses})
	}
	form := timeline.Form{Degree: software, FirstTerm: "Fall 2025", IsCoop: true}
	for name, form := range map[string]timeline.Form{
		"by name": func() timeline.Form { form.Sequence = published.Name; return form }(),
		"listed":  func() timeline.Form { form.Sequence, form.PredefinedSequence = "", listed; return form }(),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := timelinetest.Must(timelinetest.Builder().FromForm(form, now))(t)
			if len(r.Semesters) != 12 {
				t.Fatalf("%d terms: %q", len(r.Semesters), terms(r))
			}
			capstone := r.Semesters[10]
			if capstone.Term != "FALL/WINTER 2028-29" || len(capstone.Courses) != 1 || capstone.Courses[0].Code != "SOEN 490" {
				t.Errorf("the capstone's term: %v", capstone)
			}
			if r.Semesters[11].Term != "WINTER 2029" || state(r, "SOEN 490") != "planned FALL/WINTER 2028-29" {
				t.Errorf("%s; SOEN 490 %s", r.Semesters[11].Term, state(r, "SOEN 490"))
			}
			if got := remarks(r, "SOEN 490"); len(got) != 1 {
				t.Errorf("the capstone is listed %d times", len(got))
			}
			if !slices.Contains(poolIDs(r), catalogue.CoopPoolID) {
				t.Errorf("no co-op pool in %q", poolIDs(r))
			}
		})
	}
}

func TestCalibrationCoop(t *testing.T) {
	t.Parallel()
	r := timelinetest.BuildFromFacts(t, "transcripts/soen-coop")
	if !r.IsCoop || r.IsExtendedCredit || !slices.Contains(r.Degree.CoursePools, catalogue.CoopPoolID) {
		t.Errorf("co-op %v, pools %q", r.IsCoop, r.Degree.CoursePools)
	}
	for _, code := range []string{"CWT 100", "CWT 101", "CWT 200", "CWT 201"} {
		if c := r.Courses[code]; c.State.Status != timeline.Completed || c.State.Semester == nil {
			t.Errorf("%s: %s", code, state(r, code))
		}
	}
	if r.Courses["CWTE 100"].ID != "" {
		t.Error("a work term keeps its printed code")
	}
}

func TestCalibrationExtendedCredit(t *testing.T) {
	t.Parallel()
	r := timelinetest.Must(timelinetest.Builder().FromForm(timeline.Form{
		Degree: software, FirstTerm: "Fall 2026", IsExtendedCreditProgram: true,
	}, now))(t)
	if !r.IsExtendedCredit || r.Degree.TotalCredits != 150 || r.Progress.Overall.CreditsRequired != 150 {
		t.Errorf("extended %v, total %v, to do %v", r.IsExtendedCredit, r.Degree.TotalCredits, r.Progress.Overall)
	}
	general := pool(t, r, "General Education Humanities and Social Sciences Electives")
	if general.CreditsRequired != 9 {
		t.Errorf("general education: %v credits", general.CreditsRequired)
	}
	want := append(slices.Clone(softwarePools), "ENGR_ECP_Core", "ENGR_ECP_Natural Science Electives", "deficiencies", "exemptions")
	if diff := cmp.Diff(want, poolIDs(r)); diff != "" {
		t.Errorf("pools (-want +got):\n%s", diff)
	}
}

func TestCalibrationRetake(t *testing.T) {
	t.Parallel()
	r := timelinetest.Must(timelinetest.Builder().FromDocument(timelinetest.NewTranscript(timelinetest.SoftwarePrinted,
		"Fall 2024: COMP 248 DISC", "Winter 2025: COMP 248 B-"), now))(t)
	if got := state(r, "COMP 248"); got != "completed WINTER 2025" {
		t.Error(got)
	}
	if diff := cmp.Diff([]string{"FALL 2024: discontinued", "WINTER 2025: "}, remarks(r, "COMP 248")); diff != "" {
		t.Errorf("remarks (-want +got):\n%s", diff)
	}
}

func TestCalibrationWritingTest(t *testing.T) {
	t.Parallel()
	doc := timelinetest.NewTranscript(timelinetest.SoftwarePrinted)
	doc.ProgramInfo.EWTSatisfied = true
	for _, exempted := range [][]string{nil, {"ENCS272"}, {"ENCS 272", "ENCS 272"}} {
		doc.ExemptedCourses = exempted
		r := timelinetest.Must(timelinetest.Builder().FromDocument(doc, now))(t)
		if diff := cmp.Diff([]string{"ENCS 272"}, pool(t, r, "exemptions").Courses); diff != "" {
			t.Errorf("exemptions for %q (-want +got):\n%s", exempted, diff)
		}
		if got := state(r, "ENCS 272"); got != "completed via exemption" {
			t.Error(got)
		}
	}
}

func TestCalibrationSpring(t *testing.T) {
	t.Parallel()
	r := timelinetest.Must(timelinetest.Builder().FromDocument(timelinetest.NewTranscript(timelinetest.SoftwarePrinted,
		"Spring 2024: COMP 248 F", "Summer 2024: COMP 248 B", "Winter/Summer 2025: ENGR 391 B"), now))(t)
	if diff := cmp.Diff([]string{"SUMMER 2024", "WINTER/SUMMER 2025"}, terms(r)); diff != "" {
		t.Errorf("terms (-want +got):\n%s", diff)
	}
	if got := state(r, "COMP 248"); got != "completed SUMMER 2024" || len(remarks(r, "COMP 248")) != 2 {
		t.Errorf("%s, sat %q", got, remarks(r, "COMP 248"))
	}
}

func TestDegrees(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		printed, want string
		code          fault.Code
	}{
		{"Bachelor of Commerce, Accountancy", "", fault.DegreeNotFound},
		{"", "", fault.DegreeMissing},
		{"Bachelor of Engineering, Aerospace Engineering", "", fault.DegreeAmbiguous},
		{"Bachelor of Engineering, Aerospace Engineering Option: Aerodynamics and Propulsion",
			"BEng in Aerospace Engineering Option: Aerodynamics and Propulsion", ""},
		{"Bachelor of Engineering, Aerospace Engineering Option: Aerospace Structures and Materials",
			"BEng in Aerospace Engineering Option: Aerospace Structures and Materials", ""},
		{"Bachelor of Engineering, Aerospace Engineering Option: Avionics and Aerospace Systems",
			"BEng in Aerospace Engineering Option: Avionics and Aerospace Systems", ""},
	} {
		r, err := timelinetest.Builder().FromDocument(timelinetest.NewTranscript(c.printed), now)
		if fault.CodeOf(err) != c.code {
			t.Errorf("%q: %v; want %q", c.printed, err, c.code)
		} else if err == nil && r.Degree.ID != c.want {
			t.Errorf("%q: %q", c.printed, r.Degree.ID)
		}
	}
	doc := timelinetest.NewTranscript("")
	doc.ProgramInfo = nil
	if _, err := timelinetest.Builder().FromDocument(doc, now); fault.CodeOf(err) != fault.DegreeMissing {
		t.Errorf("no program block: %v", err)
	}
}
