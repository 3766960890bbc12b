package externalmetrics_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/trackmydegree/trackmydegree/internal/controller/externalmetrics"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
	"github.com/trackmydegree/trackmydegree/internal/testenv/kube"
)

var server kube.Server

func TestMain(m *testing.M) { os.Exit(server.RunMain(m)) }

const (
	apiService = "v1beta1.external.metrics.k8s.io"
	secretName = "metrics-tls"
	service    = "metrics"
)

// backlog is a queue of n jobs, or one that cannot be read.
type backlog struct {
	n      atomic.Int64
	broken atomic.Bool
}

func (b *backlog) CountBacklog(context.Context) (int64, error) {
	if b.broken.Load() {
		return 0, errors.New("dial tcp 10.1.2.3:6379: connection refused")
	}
	return b.n.Load(), nil
}

// release is a namespace with the objects that the chart renders.
type release struct {
	t *testing.T
	client.Client
	namespace string
	backlog   *backlog
}

func newRelease(t *testing.T) *release {
	t.Helper()
	r := &release{t: t, Client: server.NewClient(t), namespace: server.CreateNamespace(t), backlog: &backlog{}}
	r.create(&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: r.namespace, Name: secretName}})
	return r
}

func (r *release) create(o client.Object) {
	r.t.Helper()
	if err := r.Create(r.t.Context(), o); err != nil {
		r.t.Fatal(err)
	}
}

// createAPIService makes the API server forward the group to this machine. A cluster has one APIService of the name, so
// tests that need one do not run in parallel.
func (r *release) createAPIService(port int) {
	r.t.Helper()
	r.create(&corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: r.namespace, Name: service},
		Spec:       corev1.ServiceSpec{Type: corev1.ServiceTypeExternalName, ExternalName: "localhost"},
	})
	o := r.newAPIService()
	o.Object["spec"] = map[string]any{
		"group": "external.metrics.k8s.io", "version": "v1beta1", "groupPriorityMinimum": int64(100), "versionPriority": int64(100),
		"service": map[string]any{"name": service, "namespace": r.namespace, "port": int64(port)},
	}
	r.create(o)
	r.t.Cleanup(func() { _ = r.Delete(context.Background(), r.newAPIService()) })
}

func (r *release) newAPIService() *unstructured.Unstructured {
	o := &unstructured.Unstructured{}
	o.SetAPIVersion("apiregistration.k8s.io/v1")
	o.SetKind("APIService")
	o.SetName(apiService)
	return o
}

func (r *release) deps() externalmetrics.Deps {
	return externalmetrics.Deps{
		Backlog: r.backlog, Client: r.Client, Reader: r.Client, Namespace: r.namespace, Addr: "127.0.0.1:0",
		Host: service + "." + r.namespace + ".svc", Secret: secretName, Clock: time.Now,
		Logger: slog.New(slog.NewTextHandler(r.t.Output(), nil)), Registerer: prometheus.NewPedanticRegistry(),
	}
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// serve runs a server on a listener until the test ends.
func serve(t *testing.T, d externalmetrics.Deps, l net.Listener) {
	t.Helper()
	s := testenv.Must(externalmetrics.New(d))
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.ServeListener(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// caller sends requests to a server as a client with certificates, and with headers.
type caller struct {
	addr         string
	certificates []tls.Certificate
	header       http.Header
}

// get returns the status and the body, or the error of the connection.
func (c caller) get(t *testing.T, path string) (int, string, error) {
	t.Helper()
	config := &tls.Config{InsecureSkipVerify: true}
	if len(c.certificates) > 0 { // sent in any case, also to a server that asks for those of another authority
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &c.certificates[0], nil }
	}
	transport := &http.Transport{TLSClientConfig: config}
	defer transport.CloseIdleConnections()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+c.addr+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	for name, values := range c.header {
		req.Header[name] = values
	}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(body), err
}
