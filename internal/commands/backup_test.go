package commands_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/backup"
	"github.com/trackmydegree/trackmydegree/internal/mongostore"
	"github.com/trackmydegree/trackmydegree/internal/program"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
	"github.com/trackmydegree/trackmydegree/internal/testenv/testkit"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
)

// insertPlans stores timelines of an owner in MongoDB.
func insertPlans(t *testing.T, uri, owner string, n int) {
	t.Helper()
	store, err := mongostore.Open(mongostore.Config{URI: uri})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close(t.Context())
	for range n {
		_, err := store.InsertTimeline(t.Context(), timeline.Saved{Owner: owner, Name: "plan", DegreeID: "soen"})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// countPlans counts the timelines of an owner in MongoDB.
func countPlans(t *testing.T, uri, owner string) int {
	t.Helper()
	store, err := mongostore.Open(mongostore.Config{URI: uri})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close(t.Context())
	list, _, err := store.ListTimelines(t.Context(), owner, "", 100)
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

// runProcess runs a command of tmd as a process: the SDK of AWS reads the environment itself.
func runProcess(t *testing.T, env []string, args ...string) result {
	t.Helper()
	cmd := testkit.Command(t, env, args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	_ = cmd.Run() // the exit code says it
	return result{cmd.ProcessState.ExitCode(), out.String(), errs.String()}
}

// The whole way on MongoDB and a bucket: back up, lose the database, restore, erase an owner.
func TestBackupInABucket(t *testing.T) {
	t.Parallel()
	const bucket = "our-backups"
	s3, first, second := testenv.StartS3(t, bucket), testenv.NewMongoDatabase(t), testenv.NewMongoDatabase(t)
	env := func(uri string) []string {
		return append([]string{"MONGODB_URI=" + uri, "TMD_S3_REGION=" + testenv.S3Region, "TMD_S3_ENDPOINT=" + s3.URL()}, testenv.S3Env()...)
	}
	const target = "s3://" + bucket + "/nightly"
	run := func(uri string, want int, args ...string) result {
		t.Helper()
		got := runProcess(t, env(uri), args...)
		if got.code != want {
			t.Fatalf("%v: got %+v, want code %d", args, got, want)
		}
		return got
	}
	if got := run(first, program.ExitFailed, "restore", target); !strings.Contains(got.err, "no such backup") {
		t.Errorf("an empty target: %+v", got)
	}
	run(first, 0, "seed")
	insertPlans(t, first, "ann", 3)
	insertPlans(t, first, "bob", 2)
	var m backup.Manifest
	if err := json.Unmarshal([]byte(run(first, 0, "backup", target, "--json").out), &m); err != nil || m.Timelines != 5 || len(m.Editions) != 1 {
		t.Errorf("manifest %+v, %v", m, err)
	}
	for _, key := range s3.ListKeys(t, bucket) {
		if !strings.HasPrefix(key, "nightly/"+m.Name+"/") {
			t.Errorf("the key %s is outside of the target", key)
		}
	}
	if got := run(second, 0, "restore", target, "--dry-run"); !strings.Contains(got.out, "5 added") || countPlans(t, second, "ann") != 0 {
		t.Errorf("dry run: %+v", got)
	}
	run(second, 0, "restore", target)
	if countPlans(t, second, "ann") != 3 || countPlans(t, second, "bob") != 2 {
		t.Error("not every timeline was restored")
	}
	if got := run(second, 0, "seed"); !strings.Contains(got.out, "nothing changed") {
		t.Errorf("the restored catalogue differs: %+v", got)
	}
	run(second, program.ExitUsage, "backup", "erase", target, "--owner", "ann")
	if got := run(second, 0, "backup", "erase", target, "--owner", "ann", "--yes"); !strings.Contains(got.out, "3 timelines deleted; backups that held some: 1") {
		t.Errorf("erase: %+v", got)
	}
	run(second, 0, "backup", "verify", target)
	if got := run(second, 0, "restore", target, "--dry-run", "--json"); !strings.Contains(got.out, `"unchanged": 2`) {
		t.Errorf("after the erasure: %+v", got)
	}
	last := run(first, 0, "backup", target, "--keep", "1")
	if !strings.Contains(last.err, m.Name) {
		t.Errorf("--keep 1: %+v, want the older backup deleted", last)
	}
	if got := run(first, 0, "backup", "list", target); strings.Count(got.out, "tmd-") != 1 || strings.Contains(got.out, m.Name) {
		t.Errorf("list: %+v", got)
	}
}

// The database of tmd all, and a folder: only their user reads the files, and a cut one is refused.
func TestBackupInAFolder(t *testing.T) {
	t.Parallel()
	none, folder := noServer(), filepath.Join(t.TempDir(), "deep", "backups")
	data := []string{"TMD_DATA_DIR=" + t.TempDir()}
	if got := none.runCommand(t, data, "backup", "list", folder); got.code != program.ExitUsage || !strings.Contains(got.err, "does not exist") {
		t.Errorf("a folder that does not exist: %+v", got)
	}
	if got := none.runCommand(t, data, "backup", folder); got.code != 0 || !strings.Contains(got.out, "0 timelines, 0 editions") {
		t.Fatalf("an empty database: %+v", got)
	}
	files, err := filepath.Glob(folder + "/*/*")
	if err != nil || len(files) != 1 {
		t.Fatalf("files %v, %v", files, err)
	}
	if info, err := os.Stat(files[0]); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if err := os.Truncate(files[0], 20); err != nil {
		t.Fatal(err)
	}
	if got := none.runCommand(t, data, "restore", folder); got.code != program.ExitFailed || !strings.Contains(got.err, "incomplete or damaged") {
		t.Errorf("a cut manifest: %+v", got)
	}
	for _, args := range [][]string{
		{"backup", "s3://Not_A_Bucket/x"}, {"backup", "s3://bucket/../x"}, {"backup", "ftp://x/y"}, {"backup", "s3://bucket/x"}, // without a region
		{"restore", folder, "--overwrite", "newer"}, {"backup", folder, "--keep", "-1"},
	} {
		if got := none.runCommand(t, data, args...); got.code != program.ExitUsage {
			t.Errorf("%v: %+v, want code 2", args, got)
		}
	}
}
