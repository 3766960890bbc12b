package testenv

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// MongoURI names the environment variable with a real MongoDB for the tests to use.
const MongoURI = "MONGODB_TEST_URI"

// NewMongoDatabase returns the URI of a MongoDB database for the test, which is dropped when the test ends. The
// server is the one that MONGODB_TEST_URI names, or FerretDB, started once for all tests of the process.
func NewMongoDatabase(tb testing.TB) string {
	tb.Helper()
	server := os.Getenv(MongoURI)
	if server == "" {
		requireFerretDB(tb) // says what is missing, which sharedMongo cannot
		shared, err := sharedMongo()
		if err != nil {
			tb.Fatal(err)
		}
		server = shared.uri
	}
	name := "tmd_test_" + strings.ToLower(rand.Text()[:16])
	uri, err := withDatabase(server, name)
	if err != nil {
		tb.Fatalf("%s: %v", MongoURI, err)
	}
	tb.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		client, err := mongo.Connect(options.Client().ApplyURI(uri))
		if err != nil {
			tb.Errorf("drop the test's database: %v", err)
			return
		}
		defer func() { _ = client.Disconnect(ctx) }()
		if err := client.Database(name).Drop(ctx); err != nil {
			tb.Errorf("drop the test's database: %v", err)
		}
	})
	return uri
}

// withDatabase returns the URI of a database of the server at uri.
func withDatabase(uri, name string) (string, error) {
	u, err := url.Parse(uri)
	if err != nil {
		return "", err
	}
	// The database of a URI is also the authentication database, unless authSource names another.
	if q := u.Query(); u.User != nil && q.Get("authSource") == "" {
		source := strings.Trim(u.Path, "/")
		if source == "" {
			source = "admin"
		}
		q.Set("authSource", source)
		u.RawQuery = q.Encode()
	}
	u.Path = "/" + name
	return u.String(), nil
}

// borrowedMongo is a server that ends with this process.
type borrowedMongo struct {
	uri string
	// held is the server's standard input: the server ends when it closes, at the latest with this process. That
	// leaves no goroutine behind, for tests that look for leaks.
	held io.Closer
}

var sharedMongo = sync.OnceValues(func() (*borrowedMongo, error) {
	port, _, err := ReservePort() // for the whole life of this process
	if err != nil {
		return nil, err
	}
	addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	cmd := exec.Command(ferretdbPath(), "-listen", addr)
	held, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the test's MongoDB server: %w", err)
	}
	for deadline := time.Now().Add(30 * time.Second); !isListening(addr); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			return nil, fmt.Errorf("the test's MongoDB server does not answer at %s", addr)
		}
	}
	return &borrowedMongo{uri: "mongodb://" + addr, held: held}, nil
})

// MongoServer is a MongoDB server for one test, which can be killed and restarted.
type MongoServer struct {
	*Process
	Port int
	dir  string
}

// StartMongo starts a MongoDB server for one test. Tests that stop no server share one: see NewMongoDatabase.
func StartMongo(tb testing.TB) *MongoServer {
	tb.Helper()
	s := &MongoServer{Port: FreePort(tb), dir: tb.TempDir()}
	s.Restart(tb)
	return s
}

// Restart starts the server again on its port and data after Kill.
func (s *MongoServer) Restart(tb testing.TB) {
	tb.Helper()
	s.Process = StartProcess(tb, exec.Command(requireFerretDB(tb), "-listen", s.Addr(), "-dir", s.dir))
	Eventually(tb, "the MongoDB server answers", func() bool { return isListening(s.Addr()) })
}

// Addr is host:port.
func (s *MongoServer) Addr() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(s.Port)) }

// URI is the address of the server's database "test".
func (s *MongoServer) URI() string { return "mongodb://" + s.Addr() + "/test" }

func ferretdbPath() string { return filepath.Join(RepoRoot(), ".bin", "ferretdb") }

func requireFerretDB(tb testing.TB) string {
	tb.Helper()
	if _, err := os.Stat(ferretdbPath()); err != nil {
		SkipMissing(tb, "the MongoDB test server", "run make deps, or name a MongoDB in "+MongoURI)
	}
	return ferretdbPath()
}

func isListening(addr string) bool {
	c, err := net.DialTimeout("tcp", addr, time.Second)
	if err != nil {
		return false
	}
	c.Close()
	return true
}
