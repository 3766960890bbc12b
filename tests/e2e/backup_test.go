//go:build e2e

package e2e

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// backupValues is basicValues with backups to a volume. Only this test makes them: the schedule is once a year.
func backupValues() values {
	return basicValues().merge(values{"backup": values{
		"enabled": true, "schedule": "0 0 1 1 *",
		"persistence": values{"storageClass": env.storageClass, "accessMode": "ReadWriteMany"},
	}})
}

const mongoStatefulSet = "statefulset/tmd-trackmydegree-mongodb"

// testRestoreDrill deletes the database with its volume, and brings the saved timelines back from the backup that
// the CronJob's Job made, in the order of docs/operations.md.
func testRestoreDrill(t *testing.T) {
	ensureReady(t, backupValues())
	scaleWorkers(t, 1)
	want := saveTimelines(t, 3)

	runJob(t, "e2e-backup", jobFromBackup(t))
	began := time.Now()
	requireKubectl(t, "scale", "deployment/tmd-trackmydegree-api", "deployment/tmd-trackmydegree-worker", "--replicas=0")
	destroyDatabase(t)

	found := readRestored(t, runJob(t, "e2e-restore-dry", jobFromBackup(t, "--dry-run", "--json")))
	if found.Timelines.Added != len(want) {
		t.Fatalf("the empty database lacks %d timelines, want %d: the drill destroyed nothing", found.Timelines.Added, len(want))
	}
	found = readRestored(t, runJob(t, "e2e-restore", jobFromBackup(t, "--json")))
	if found.Timelines.Added != len(want) || found.Editions.Added == 0 {
		t.Errorf("restored %d timelines and %d editions of the catalogue, want %d and some", found.Timelines.Added, found.Editions.Added, len(want))
	}
	requireKubectl(t, "scale", "deployment/tmd-trackmydegree-api", "deployment/tmd-trackmydegree-worker", "--replicas=1")
	waitUntilSettled(t)
	runAgent(t, "until", "-url", apiService+"/readyz", "-status", "200", "-limit", "1m")
	t.Logf("FIGURE restore drill: from the loss of the database to a ready API %.0f s", time.Since(began).Seconds())

	got := listTimelines(t)
	if !slices.Equal(want, got) {
		t.Errorf("after the restore there are\n%v\nwant\n%v", got, want)
	}
	// The restored installation takes documents: the Redis that stayed knows its id.
	requireDone(t, time.Minute, uploadDocuments(t, 1, 0))
	// Helm owns the release as before, and its hook finds the catalogue.
	installRelease(t, backupValues())
}

// restored is what tmd restore --json prints.
type restored struct {
	Timelines, Editions struct{ Added int }
}

// readRestored finds the answer of tmd restore in the log of its pod, which has the lines of the log as well.
func readRestored(t *testing.T, log string) restored {
	t.Helper()
	start := strings.Index(log, `{"backup":`)
	if start < 0 {
		start = max(strings.Index(log, "{\n"), 0)
	}
	var found restored
	if err := json.NewDecoder(strings.NewReader(log[start:])).Decode(&found); err != nil {
		t.Fatalf("the log of tmd restore has no answer: %v\n%s", err, log)
	}
	return found
}

// savedTimeline is a saved timeline with the whole of what the API answers for it.
type savedTimeline struct {
	ID   string `json:"_id"`
	Text string `json:"-"`
}

// saveTimelines uploads documents, saves their timelines and returns them.
func saveTimelines(t *testing.T, count int) []savedTimeline {
	t.Helper()
	for n, j := range requireDone(t, time.Minute, uploadDocuments(t, count, 0)) {
		requestAgent(t, http.StatusCreated, "save", "-url", apiService, "-name", "drill "+string(rune('a'+n)), j.ID)
	}
	saved := listTimelines(t)
	if len(saved) < count {
		t.Fatalf("%d timelines are saved, want %d", len(saved), count)
	}
	return saved
}

// listTimelines returns the user's saved timelines with their results, in the order of their ids.
func listTimelines(t *testing.T) []savedTimeline {
	t.Helper()
	var list struct{ Timelines []savedTimeline }
	decodeJSON(t, requestAgent(t, http.StatusOK, "get", "-url", apiService+"/api/timelines"), &list)
	for n, s := range list.Timelines {
		list.Timelines[n].Text = requestAgent(t, http.StatusOK, "get", "-url", apiService+"/api/timelines/"+s.ID)
	}
	slices.SortFunc(list.Timelines, func(a, b savedTimeline) int { return strings.Compare(a.ID, b.ID) })
	return list.Timelines
}

// requestAgent sends a request as the user, and returns the body of an answer that has the status.
func requestAgent(t *testing.T, status int, command string, args ...string) string {
	t.Helper()
	var answer struct {
		Status int
		Body   string
	}
	decodeJSON(t, runAgent(t, append([]string{command, "-token", userToken(t)}, args...)...), &answer)
	if answer.Status != status {
		t.Fatalf("%s: status %d, want %d\n%s", command, answer.Status, status, answer.Body)
	}
	return answer.Body
}

// destroyDatabase deletes the volume of the chart's MongoDB and starts it on a new one.
func destroyDatabase(t *testing.T) {
	t.Helper()
	requireKubectl(t, "scale", mongoStatefulSet, "--replicas=0")
	requireKubectl(t, "wait", "--for=delete", "pod/tmd-trackmydegree-mongodb-0", "--timeout", "60s")
	requireKubectl(t, "delete", "pvc/data-tmd-trackmydegree-mongodb-0", "--timeout", "60s")
	requireKubectl(t, "scale", mongoStatefulSet, "--replicas=1")
	requireKubectl(t, "rollout", "status", mongoStatefulSet, "--timeout", "120s")
}

// jobFromBackup returns the Job of the CronJob of backups. With options it restores instead: docs/operations.md makes
// the same change.
func jobFromBackup(t *testing.T, restoreOptions ...string) map[string]any {
	t.Helper()
	var made map[string]any
	decodeJSON(t, requireKubectl(t, "create", "job", "unnamed", "--from=cronjob/tmd-trackmydegree-backup", "--dry-run=client", "--output", "json"), &made)
	if len(restoreOptions) == 0 {
		return made
	}
	spec := made["spec"].(map[string]any)["template"].(map[string]any)["spec"].(map[string]any)
	container := spec["containers"].([]any)[0].(map[string]any)
	target := container["args"].([]any)[1]
	arguments := []any{"restore", target}
	for _, option := range restoreOptions {
		arguments = append(arguments, option)
	}
	container["args"] = arguments
	return made
}

// runJob runs a Job to its end and returns its output.
func runJob(t *testing.T, name string, job map[string]any) string {
	t.Helper()
	job["metadata"].(map[string]any)["name"] = name
	b, err := json.Marshal(job)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "job.json")
	if err := os.WriteFile(file, b, 0o600); err != nil {
		t.Fatal(err)
	}
	requireKubectl(t, "delete", "job", name, "--ignore-not-found", "--cascade=foreground")
	requireKubectl(t, "create", "--filename", file)
	waitForCluster(t, 2*time.Minute, "the end of job "+name, func() (string, bool) {
		var j struct {
			Status struct{ Succeeded, Failed int }
		}
		decodeJSON(t, requireKubectl(t, "get", "job", name, "--output", "json"), &j)
		if j.Status.Failed > 0 {
			t.Fatalf("job %s failed:\n%s", name, requireKubectl(t, "logs", "job/"+name))
		}
		return "running", j.Status.Succeeded == 1
	})
	return requireKubectl(t, "logs", "job/"+name)
}
