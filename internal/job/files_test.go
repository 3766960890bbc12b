package job_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/trackmydegree/trackmydegree/internal/job"
)

func TestFileNamesOf(t *testing.T) {
	t.Parallel()
	t.Run("an id", func(t *testing.T) {
		want := job.FileNames{Document: exampleID + ".pdf", Ticket: exampleID + ".json", Kept: exampleID + ".failed.pdf"}
		got, err := job.FileNamesOf(exampleID)
		if d := cmp.Diff(want, got); d != "" || err != nil {
			t.Errorf("error %v, want none; -want +got:\n%s", err, d)
		}
	})
	t.Run("no id", func(t *testing.T) {
		if got, err := job.FileNamesOf(job.ID("../" + exampleID[3:])); !errors.Is(err, job.ErrID) {
			t.Errorf("got %+v, %v, want ErrID", got, err)
		}
	})
}

func TestParseFileName(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]job.StoredFiles{
		exampleID + ".pdf":          {ID: exampleID, Document: true},
		exampleID + ".json":         {ID: exampleID, Ticket: true},
		exampleID + ".failed.pdf":   {ID: exampleID, Kept: true},
		exampleID + ".ABCDEFGH.tmp": {Temporary: exampleID + ".ABCDEFGH.tmp"},
		"folder/" + exampleID:       {},
		"folder/check.tmp":          {},
		exampleID:                   {},
		"notes.pdf":                 {},
		".failed.pdf":               {},
		"":                          {},
	} {
		t.Run(name, func(t *testing.T) {
			if d := cmp.Diff(want, job.ParseFileName(name)); d != "" {
				t.Errorf("-want +got:\n%s", d)
			}
		})
	}
}

func TestFileListHasOneEntryForEachJob(t *testing.T) {
	t.Parallel()
	early := time.Date(2026, 11, 1, 8, 0, 0, 0, time.UTC)
	late := early.Add(time.Minute)
	var list job.FileList
	list.AddFile(exampleID+".json", 200, late)
	list.AddFile(exampleID+".failed.pdf", 50, early)
	list.AddFile("notes.txt", 7, early)
	list.AddFile(exampleID+".pdf", 1000, early)
	list.AddFile("check.tmp", 9, early)
	list.AddTemporary("a part", late)
	got := list.StoredFiles()
	slices.SortStableFunc(got, func(a, b job.StoredFiles) int { return int(b.Size - a.Size) })
	want := []job.StoredFiles{
		{ID: exampleID, Document: true, Ticket: true, Size: 1000, Modified: late},
		{ID: exampleID, Kept: true, Size: 50, Modified: early},
		{Temporary: "check.tmp", Modified: early},
		{Temporary: "a part", Modified: late},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}
