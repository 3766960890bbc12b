package scaler_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	"github.com/trackmydegree/trackmydegree/internal/controller/scaler"
	pb "github.com/trackmydegree/trackmydegree/internal/controller/scaler/externalscaler"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/queuetest"
	"github.com/trackmydegree/trackmydegree/internal/redisurl"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// tasks is the project's queue in a real Redis, as the controller sees it.
type tasks struct {
	*queuetest.Queue
	workers scaler.Workers
}

func (q tasks) Depth(ctx context.Context) (scaler.Depth, error) {
	all, err := q.ReadDepths(ctx)
	var sum scaler.Depth
	for _, d := range all {
		sum.Pending += d.Pending
		sum.Running += d.Active
		sum.Retry += d.Retry
		sum.Scheduled += d.Scheduled
	}
	return sum, err
}

func (q tasks) Workers(context.Context) (scaler.Workers, error) { return q.workers, nil }

func open(t *testing.T, redis *testenv.RedisServer) tasks {
	t.Helper()
	client, err := redisurl.Open(redis.URL(1), redisurl.WithTimeout(20*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return tasks{Queue: queuetest.NewQueue(t, client)}
}

func (q tasks) enqueue(t *testing.T, p job.Priority) {
	t.Helper()
	if err := q.Enqueue(t.Context(), job.Task{ID: job.ID(uuid.NewString()), Kind: job.Form, Priority: p}); err != nil {
		t.Fatal(err)
	}
}

// serve runs a server and returns its address, and a function that ends it.
func serve(t *testing.T, q scaler.Queue, files scaler.TLS) (addr string, end func()) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &scaler.Server{TLS: files, Scaler: testenv.Must(scaler.New(scaler.Deps{
		Queue: q, Logger: slog.New(slog.NewTextHandler(t.Output(), nil)), Registerer: prometheus.NewPedanticRegistry(),
	}))}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- server.ServeListener(ctx, listener) }()
	stopped := false
	end = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(end)
	return listener.Addr().String(), end
}

// keda returns a client as KEDA makes one.
func keda(t *testing.T, addr string, c credentials.TransportCredentials) pb.ExternalScalerClient {
	t.Helper()
	conn, err := grpc.NewClient(addr, grpc.WithTransportCredentials(c))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return pb.NewExternalScalerClient(conn)
}

func ref(metadata map[string]string) *pb.ScaledObjectRef {
	return &pb.ScaledObjectRef{Name: "worker", Namespace: "test", ScalerMetadata: metadata}
}

func value(t *testing.T, c pb.ExternalScalerClient, r *pb.ScaledObjectRef) float64 {
	t.Helper()
	answer, err := c.GetMetrics(t.Context(), &pb.GetMetricsRequest{ScaledObjectRef: r, MetricName: "tmd-slots"})
	if err != nil {
		t.Fatal(err)
	}
	v := answer.GetMetricValues()[0]
	if float64(v.GetMetricValue()) != v.GetMetricValueFloat() || v.GetMetricName() != "tmd-slots" {
		t.Errorf("%v", v)
	}
	return v.GetMetricValueFloat()
}

func TestFromTheQueueToKEDA(t *testing.T) {
	t.Parallel()
	q := open(t, testenv.StartRedis(t))
	q.workers = scaler.Workers{Alive: 6, Busy: 3}
	addr, _ := serve(t, q, scaler.TLS{})
	c := keda(t, addr, insecure.NewCredentials())
	r := ref(map[string]string{"concurrency": "2", "scalerAddress": addr})

	spec, err := c.GetMetricSpec(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	if m := spec.GetMetricSpecs()[0]; len(spec.GetMetricSpecs()) != 1 || m.GetMetricName() != "tmd-slots" || m.GetTargetSize() != 2 || m.GetTargetSizeFloat() != 2 {
		t.Errorf("%v", spec)
	}
	if active, err := c.IsActive(t.Context(), r); err != nil || active.GetResult() {
		t.Errorf("an empty queue: %v, %v", active, err)
	}
	if got := value(t, c, r); got != 6 {
		t.Errorf("three busy workers: %v slots, want 6", got)
	}
	for _, p := range []job.Priority{job.High, job.Normal, job.Low, job.Low, job.Low, job.Low, job.Low} {
		q.enqueue(t, p)
	}
	if active, err := c.IsActive(t.Context(), r); err != nil || !active.GetResult() {
		t.Errorf("a queue with tasks: %v, %v", active, err)
	}
	if got := value(t, c, r); got != 7 {
		t.Errorf("seven tasks: %v slots", got)
	}
	wrong := ref(map[string]string{"concurrency": "none"})
	if _, err := c.GetMetricSpec(t.Context(), wrong); status.Code(err) != codes.InvalidArgument {
		t.Error(err)
	}
	if _, err := c.GetMetrics(t.Context(), &pb.GetMetricsRequest{ScaledObjectRef: wrong}); status.Code(err) != codes.InvalidArgument {
		t.Error(err)
	}
}

func TestAnUploadIsHeardAtOnce(t *testing.T) {
	t.Parallel()
	q := open(t, testenv.StartRedis(t))
	addr, end := serve(t, q, scaler.TLS{})
	stream, err := keda(t, addr, insecure.NewCredentials()).StreamIsActive(t.Context(), ref(nil))
	if err != nil {
		t.Fatal(err)
	}
	hear := func(want bool) {
		t.Helper()
		if got, err := stream.Recv(); err != nil || got.GetResult() != want {
			t.Fatalf("heard %v, %v", got, err)
		}
	}
	hear(false)
	began := time.Now()
	q.enqueue(t, job.Normal)
	hear(true)
	t.Logf("from the upload to KEDA: %s", time.Since(began))
	end()
	for {
		// After any error other than io.EOF KEDA waits longer before it reconnects.
		if _, err := stream.Recv(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatalf("the stream ended with %v, want the end of the file", err)
		}
	}
}

// Without Redis there is an error instead of an old answer; a stream stays open.
func TestNothingIsRemembered(t *testing.T) {
	t.Parallel()
	redis := testenv.StartRedis(t)
	q := open(t, redis)
	q.enqueue(t, job.Normal)
	addr, _ := serve(t, q, scaler.TLS{})
	c := keda(t, addr, insecure.NewCredentials())
	r := ref(map[string]string{"concurrency": "1"})
	stream, err := c.StreamIsActive(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := stream.Recv(); err != nil || !got.GetResult() {
		t.Fatalf("heard %v, %v", got, err)
	}
	if got := value(t, c, r); got != 1 {
		t.Errorf("%v slots", got)
	}
	redis.Kill()
	if _, err := c.GetMetrics(t.Context(), &pb.GetMetricsRequest{ScaledObjectRef: r}); status.Code(err) != codes.Unavailable || status.Convert(err).Message() != "the queue cannot be read" {
		t.Error(err)
	}
	if _, err := c.IsActive(t.Context(), r); status.Code(err) != codes.Unavailable {
		t.Error(err)
	}
	redis.Restart(t)
	testenv.Eventually(t, "an answer again", func() bool {
		active, err := c.IsActive(t.Context(), r)
		return err == nil && active.GetResult()
	})
	if got, err := stream.Recv(); err != nil || !got.GetResult() { // the repetition
		t.Errorf("heard %v, %v", got, err)
	}
}

func TestTLS(t *testing.T) {
	t.Parallel()
	q := open(t, testenv.StartRedis(t))
	authority, other := newAuthority(t), newAuthority(t)
	dir := t.TempDir()
	files := scaler.TLS{Certificate: filepath.Join(dir, "tls.crt"), Key: filepath.Join(dir, "tls.key"), ClientCA: filepath.Join(dir, "ca.crt")}
	write := func(a authorityPair) {
		t.Helper()
		crt, key := a.issue(t)
		for name, content := range map[string][]byte{files.Certificate: crt, files.Key: key, files.ClientCA: a.pem} {
			if err := os.WriteFile(name, content, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	write(authority)
	addr, _ := serve(t, q, files)
	ask := func(c credentials.TransportCredentials) error {
		_, err := keda(t, addr, c).IsActive(t.Context(), ref(nil))
		return err
	}
	as := func(trusted, own *authorityPair) credentials.TransportCredentials {
		config := &tls.Config{RootCAs: x509.NewCertPool(), ServerName: "127.0.0.1"}
		config.RootCAs.AppendCertsFromPEM(trusted.pem)
		if own != nil {
			crt, key := own.issue(t)
			pair, err := tls.X509KeyPair(crt, key)
			if err != nil {
				t.Fatal(err)
			}
			config.Certificates = []tls.Certificate{pair}
		}
		return credentials.NewTLS(config)
	}
	if err := ask(as(&authority, &authority)); err != nil {
		t.Errorf("KEDA with its certificate: %v", err)
	}
	for name, c := range map[string]credentials.TransportCredentials{
		"in plain text": insecure.NewCredentials(), "without a certificate": as(&authority, nil), "with a stranger's": as(&authority, &other),
	} {
		if err := ask(c); status.Code(err) != codes.Unavailable {
			t.Errorf("KEDA %s: %v, want a refusal", name, err)
		}
	}
	write(other) // rotated without a restart
	if err := ask(as(&other, &other)); err != nil {
		t.Errorf("with rotated certificates: %v", err)
	}
}

func TestAServerWithoutItsCertificateDoesNotStart(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &scaler.Server{TLS: scaler.TLS{Certificate: "/no/such", Key: "/no/such"}, Scaler: testenv.Must(scaler.New(scaler.Deps{
		Queue: struct{ scaler.Queue }{}, Logger: slog.New(slog.DiscardHandler), Registerer: prometheus.NewRegistry(),
	}))}
	if err := s.ServeListener(t.Context(), listener); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}
