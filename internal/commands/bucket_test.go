package commands_test

import (
	"bytes"
	"net/http"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/testenv"
	"github.com/trackmydegree/trackmydegree/internal/testenv/testkit"
)

// The roles share a bucket and no folder.
func TestRolesOnABucket(t *testing.T) {
	t.Parallel()
	const bucket = "our-uploads"
	redis, mongo, s3 := testenv.StartRedis(t), testenv.NewMongoDatabase(t), testenv.StartS3(t, bucket)
	env := append([]string{
		"REDIS_HOST=127.0.0.1", "REDIS_PORT=" + strconv.Itoa(redis.Port), "MONGODB_URI=" + mongo, "JWT_SECRET=" + jwtSecret,
		"NODE_ENV=test", "TMD_RATE_LIMIT=0",
		"TMD_UPLOAD_STORAGE=s3", "TMD_S3_BUCKET=" + bucket, "TMD_S3_REGION=" + testenv.S3Region, "TMD_S3_ENDPOINT=" + s3.URL(),
		"TMD_S3_TIMEOUT=20s", "TMD_UPLOAD_DIR=/nowhere",
	}, testenv.S3Env()...)
	none := noServer()
	if got := none.runCommand(t, env, "seed"); got.code != 0 {
		t.Fatalf("%+v", got)
	}
	parserPort := testenv.FreePort(t)
	parser := startRole(t, "parser", parserPort, "TMD_PARSER_PORT="+strconv.Itoa(parserPort))
	startWorker := func() *server {
		port := testenv.FreePort(t)
		return startRole(t, "worker", port, append([]string{
			"TMD_WORKER_HEALTH_ADDR=127.0.0.1:" + strconv.Itoa(port), "PYTHON_UTILS_URL=" + parser.Base}, env...)...)
	}
	startAPI := func() *server {
		port := testenv.FreePort(t)
		return startRole(t, "api", port, append([]string{"BACKEND_PORT=" + strconv.Itoa(port)}, env...)...)
	}
	api, worker := startAPI(), startWorker()
	made := api.runCommand(t, env, "token", "--sub", "alice")
	if made.code != 0 {
		t.Fatalf("%+v", made)
	}
	token := strings.TrimSpace(made.out)
	auth := []string{"TMD_TOKEN=" + token}
	wantEmpty := func() {
		t.Helper()
		testenv.Eventually(t, "the bucket is empty", func() bool { return len(s3.ListKeys(t, bucket)) == 0 })
	}

	got := api.runCommand(t, auth, "upload", "--json", testkit.DocumentPath("transcripts/soen-coop"))
	if got.code != 0 {
		t.Fatalf("%+v", got)
	}
	if u := decodeUploads(t, got)[0]; u.Result == nil || u.Result.Courses["CWT 300"].Status.Status != "completed" {
		t.Errorf("%+v", u)
	}
	wantEmpty()

	// A document waits in the bucket while no worker runs.
	worker.Signal(syscall.SIGTERM)
	<-worker.Done()
	waiting := api.submitDocument(t, token, testkit.DocumentPath("transcripts/soen-coop"))
	for _, suffix := range []string{".pdf", ".json"} {
		if _, err := os.Stat(s3.BucketDir(bucket) + "/" + waiting.JobID + suffix); err != nil {
			t.Error(err)
		}
	}

	// While the bucket is unavailable, uploads are refused, the API stays up, and roles start; when it is back,
	// everything works again.
	s3.Kill()
	if status, after := api.offerDocument(t, token, testkit.DocumentPath("transcripts/soen-coop")); status != http.StatusServiceUnavailable || after == "" {
		t.Errorf("an upload without a bucket: %d, Retry-After %q", status, after)
	}
	if status := api.ProbeStatus("/readyz"); status != http.StatusOK {
		t.Errorf("the API without a bucket: %d", status)
	}
	startWorker()
	second := startAPI()
	s3.Restart(t)
	api.waitForState(t, token, waiting.JobID, "done")
	if got := second.runCommand(t, auth, "upload", "--json", testkit.DocumentPath("transcripts/soen-coop")); got.code != 0 {
		t.Errorf("%+v", got)
	}
	wantEmpty()
}

// A bucket that cannot be used stops the start, and the error names the setting.
func TestABucketThatIsNotThere(t *testing.T) {
	t.Parallel()
	s3 := testenv.StartS3(t)
	cmd := testkit.Command(t, append([]string{
		"REDIS_HOST=127.0.0.1", "MONGODB_URI=mongodb://127.0.0.1:1/x", "JWT_SECRET=" + jwtSecret, "BACKEND_PORT=0",
		"TMD_UPLOAD_STORAGE=s3", "TMD_S3_BUCKET=our-uploads", "TMD_S3_REGION=" + testenv.S3Region, "TMD_S3_ENDPOINT=" + s3.URL(),
	}, testenv.S3Env()...), "api")
	var errs bytes.Buffer
	cmd.Stderr = &errs
	if err := cmd.Run(); err == nil || !strings.Contains(errs.String(), "make the bucket at "+s3.URL()) {
		t.Errorf("%v: %s", err, &errs)
	}
}
