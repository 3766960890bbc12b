package testenv

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// The one user of the S3 servers of tests.
const (
	S3AccessKey = "test-access-key"
	S3SecretKey = "test-secret-key"
	S3Region    = "us-east-1"
)

// S3Server is an S3 server for one test, which can be killed and restarted. It stores each bucket as a folder and
// each object as a file, which a test may read and damage.
type S3Server struct {
	*Process
	Port int
	dir  string
}

// StartS3 starts an S3 server with empty buckets.
func StartS3(tb testing.TB, buckets ...string) *S3Server {
	tb.Helper()
	// Its metadata are extended attributes, which a tmpfs may not support for an ordinary user; a separate folder
	// needs none.
	s := &S3Server{Port: FreePort(tb), dir: tb.TempDir()}
	for _, dir := range []string{"data", "meta"} {
		if err := os.Mkdir(filepath.Join(s.dir, dir), 0o700); err != nil {
			tb.Fatal(err)
		}
	}
	for _, b := range buckets {
		if err := os.Mkdir(s.BucketDir(b), 0o700); err != nil {
			tb.Fatal(err)
		}
	}
	s.Restart(tb)
	return s
}

// Restart starts the server again on its port and data after Kill. Extra are more of versitygw's global options.
func (s *S3Server) Restart(tb testing.TB, extra ...string) {
	tb.Helper()
	bin := filepath.Join(RepoRoot(), ".bin", "versitygw")
	if _, err := os.Stat(bin); err != nil {
		SkipMissing(tb, "the S3 test server", "run make deps")
	}
	args := append([]string{"--port", s.Addr(), "--region", S3Region, "--access", S3AccessKey, "--secret", S3SecretKey,
		"--quiet", "--keep-alive"}, extra...)
	cmd := exec.Command(bin, append(args, "posix", "--sidecar", filepath.Join(s.dir, "meta"), filepath.Join(s.dir, "data"))...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + s.dir, "TMPDIR=" + s.dir}
	s.Process = StartProcess(tb, cmd)
	Eventually(tb, "the S3 server answers", func() bool { return isListening(s.Addr()) })
}

// Addr is host:port.
func (s *S3Server) Addr() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(s.Port)) }

// URL is the server's address.
func (s *S3Server) URL() string { return "http://" + s.Addr() }

// BucketDir returns the folder of a bucket.
func (s *S3Server) BucketDir(name string) string { return filepath.Join(s.dir, "data", name) }

// ListKeys are the keys of a bucket.
func (s *S3Server) ListKeys(tb testing.TB, bucket string) []string {
	tb.Helper()
	var keys []string
	root := s.BucketDir(bucket)
	err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			keys = append(keys, filepath.ToSlash(strings.TrimPrefix(path, root+string(filepath.Separator))))
		}
		return err
	})
	if err != nil {
		tb.Fatal(err)
	}
	return keys
}

// S3Env is the environment of a process that uses an S3 server of tests, and reads credentials from nowhere else.
func S3Env() []string {
	return []string{
		"AWS_ACCESS_KEY_ID=" + S3AccessKey, "AWS_SECRET_ACCESS_KEY=" + S3SecretKey,
		"AWS_EC2_METADATA_DISABLED=true", "AWS_CONFIG_FILE=/dev/null", "AWS_SHARED_CREDENTIALS_FILE=/dev/null",
	}
}
