package catalogueimport

import (
	"cmp"
	"context"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
)

// Impact is what an import changes for the saved timelines. It counts them and names no owner and no timeline.
type Impact struct {
	Timelines int `json:"timelines"` // all that are saved
	// Changed are those whose degree changes: its requirements, or the edition that measures them.
	Changed int `json:"changed"`
	// Broken can be built now and no longer after the import: their degree is gone.
	Broken  int            `json:"broken"`
	Degrees []DegreeImpact `json:"degrees"` // those with changed or broken timelines, by id
}

// DegreeImpact is the impact on the timelines of one degree. Fewer, Same and More count the changed timelines by their
// remaining credits; Least and Most are the range of the difference in credits.
type DegreeImpact struct {
	Degree    string  `json:"degree"`
	Timelines int     `json:"timelines"`
	Changed   int     `json:"changed"`
	Moved     int     `json:"moved"` // of the changed ones, measured by another edition than before
	Broken    int     `json:"broken"`
	Fewer     int     `json:"fewer"`
	Same      int     `json:"same"`
	More      int     `json:"more"`
	Least     float64 `json:"least"`
	Most      float64 `json:"most"`
}

// PreviewImport builds every saved timeline with the stored editions, and with those and the given ones, and returns
// how they differ. It stores nothing. Editions with faults are an *InvalidError. Before anything is stored there is
// nothing to compare with, and the impact is empty.
func (i *Importer) PreviewImport(ctx context.Context, sources []catalogue.Source) (Impact, error) {
	impact := Impact{Degrees: []DegreeImpact{}}
	if faults, _ := ValidateSources(sources); len(faults) > 0 {
		return impact, &InvalidError{faults}
	}
	stored, err := i.LoadStored(ctx)
	if err != nil || len(stored) == 0 {
		return impact, err
	}
	before, err := catalogue.NewEditions(stored...)
	if err != nil {
		return impact, fmt.Errorf("the stored catalogue is faulty: %w", err)
	}
	after, err := catalogue.NewEditions(mergeEditions(stored, sources)...)
	if err != nil {
		return impact, err
	}
	c := comparison{before: timeline.NewBuilders(before), after: timeline.NewBuilders(after), now: i.clock(), degrees: map[string]*DegreeImpact{}}
	if err := i.store.VisitTimelines(ctx, func(s timeline.Saved) error {
		impact.Timelines++
		c.compareTimeline(s)
		return nil
	}); err != nil {
		return impact, err
	}
	for _, d := range c.degrees {
		impact.Changed += d.Changed
		impact.Broken += d.Broken
		if d.Changed+d.Broken > 0 {
			impact.Degrees = append(impact.Degrees, *d)
		}
	}
	slices.SortFunc(impact.Degrees, func(a, b DegreeImpact) int { return cmp.Compare(a.Degree, b.Degree) })
	return impact, nil
}

// mergeEditions returns the stored editions with the given ones in the place of those of their years. An edition
// without a year, as older versions stored it, goes with the first one that has a year.
func mergeEditions(stored []catalogue.Data, sources []catalogue.Source) []catalogue.Data {
	var out []catalogue.Data
	for _, d := range stored {
		replaced := d.Calendar == "" || slices.ContainsFunc(sources, func(s catalogue.Source) bool { return s.Data.Calendar == d.Calendar })
		if !replaced {
			out = append(out, d)
		}
	}
	for _, s := range sources {
		out = append(out, s.Data)
	}
	return out
}

// comparison compares timelines by two sets of editions.
type comparison struct {
	before, after *timeline.Builders
	now           time.Time
	degrees       map[string]*DegreeImpact
}

func (c *comparison) compareTimeline(s timeline.Saved) {
	was, err := c.before.ForSaved(s).FromSaved(s, c.now)
	if err != nil {
		return // it is broken already
	}
	d := c.degrees[s.DegreeID]
	if d == nil {
		d = &DegreeImpact{Degree: s.DegreeID}
		c.degrees[s.DegreeID] = d
	}
	d.Timelines++
	is, err := c.after.ForSaved(s).FromSaved(s, c.now)
	if err != nil {
		d.Broken++
		return
	}
	if was.Calendar == is.Calendar && reflect.DeepEqual(was.Degree, is.Degree) &&
		reflect.DeepEqual(requirements(was), requirements(is)) && was.Progress.Overall == is.Progress.Overall {
		return
	}
	difference := is.Progress.Overall.Remaining - was.Progress.Overall.Remaining
	if d.Changed == 0 {
		d.Least, d.Most = difference, difference
	}
	d.Changed++
	d.Least, d.Most = min(d.Least, difference), max(d.Most, difference)
	if was.Calendar != is.Calendar {
		d.Moved++
	}
	switch {
	case difference < 0:
		d.Fewer++
	case difference > 0:
		d.More++
	default:
		d.Same++
	}
}

// requirements returns the pools of a timeline's degree, without those that every timeline adds.
func requirements(r *timeline.Result) []timeline.Pool { return r.Pools[:len(r.Degree.CoursePools)] }
