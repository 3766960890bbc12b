package timeline_test

import (
	"fmt"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
)

// A builder turns the saved form of a timeline into the result that clients show, as seen on a day.
func ExampleBuilder_FromSaved() {
	cat, err := catalogue.New(catalogue.Data{
		Courses: []catalogue.Course{{Code: "COMP 248", Title: "Programming I", Credits: 3}, {Code: "COMP 249", Title: "Programming II", Credits: 3}},
		Pools: []catalogue.Pool{
			{ID: "core", Name: "Core", CreditsRequired: 6, Courses: []string{"COMP 248", "COMP 249"}},
			{ID: catalogue.CoopPoolID, Name: "Work terms", Courses: []string{}},
		},
		Degrees: []catalogue.Degree{{
			ID: "small", Name: "BCompSc in Small Things", DegreeType: catalogue.Standalone, TotalCredits: 6, Pools: []string{"core"},
		}},
	})
	if err != nil {
		panic(err)
	}
	fall := "FALL 2025"
	saved := timeline.Saved{
		DegreeID: "small", Semesters: []timeline.Semester{{Term: fall, Courses: []timeline.Sitting{{Code: "COMP 248"}}}},
		States: map[string]timeline.State{"COMP 248": {Status: timeline.Completed, Semester: &fall}},
	}
	result, err := timeline.NewBuilder(cat).FromSaved(saved, time.Date(2026, time.November, 23, 12, 0, 0, 0, time.UTC))
	if err != nil {
		panic(err)
	}
	fmt.Println(result.Degree.Name)
	for _, s := range result.Semesters {
		for _, c := range s.Courses {
			fmt.Println(s.Term, c.Code, result.Courses[c.Code].State.Status)
		}
	}
	// Output:
	// BCompSc in Small Things
	// FALL 2025 COMP 248 completed
}
