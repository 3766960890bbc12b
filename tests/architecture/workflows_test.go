package architecture_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

// workflow is the part of a GitHub workflow that names commands of this repository.
type workflow struct {
	Jobs map[string]struct {
		Steps []struct{ Run string }
	}
}

var (
	stepTarget = regexp.MustCompile(`(?m)(?:^\s*|" |&& )make ([a-z0-9-]+)`)
	stepScript = regexp.MustCompile(`(?:^|[\s"])((?:hack|tests)/[A-Za-z0-9_./-]+)`)
)

// TestWorkflowsNameWhatExists requires that each make target and each script that a step of a workflow runs exists:
// workflows run on GitHub only, where a wrong name is noticed late.
func TestWorkflowsNameWhatExists(t *testing.T) {
	t.Parallel()
	makefile, err := os.ReadFile("../../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("../../.github/workflows/*.yml")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d workflows: %v", len(files), err)
	}
	seen := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var w workflow
		if err := yaml.Unmarshal(text, &w); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for name, job := range w.Jobs {
			for _, step := range job.Steps {
				for _, match := range stepTarget.FindAllStringSubmatch(step.Run, -1) {
					seen++
					if !strings.Contains(string(makefile), "\n"+match[1]+":") {
						t.Errorf("%s, job %s: the Makefile has no target %s", filepath.Base(file), name, match[1])
					}
				}
				for _, match := range stepScript.FindAllStringSubmatch(step.Run, -1) {
					seen++
					info, err := os.Stat(filepath.Join("..", "..", match[1]))
					if err != nil || info.Mode()&0o111 == 0 {
						t.Errorf("%s, job %s: %s is no program of the repository: %v", filepath.Base(file), name, match[1], err)
					}
				}
			}
		}
	}
	if seen < 10 {
		t.Errorf("only %d commands were seen", seen)
	}
}
