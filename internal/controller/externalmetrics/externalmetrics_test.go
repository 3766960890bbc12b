package externalmetrics_test

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/tools/clientcmd"
	external "k8s.io/metrics/pkg/client/external_metrics"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/trackmydegree/trackmydegree/internal/controller/externalmetrics"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

// The API server forwards the requests of an autoscaler, as in a cluster.
func TestThroughTheAPIServer(t *testing.T) {
	r := newRelease(t)
	l := listen(t)
	r.createAPIService(l.Addr().(*net.TCPAddr).Port)
	r.backlog.n.Store(7)
	serve(t, r.deps(), l)
	metrics, err := external.NewForConfig(server.RestConfig(t))
	if err != nil {
		t.Fatal(err)
	}
	read := func(namespace, metric string, selector labels.Selector) ([]int64, error) {
		list, err := metrics.NamespacedMetrics(namespace).List(metric, selector)
		if err != nil {
			return nil, err
		}
		values := []int64{}
		for _, one := range list.Items {
			if one.MetricName != metric || time.Since(one.Timestamp.Time) > time.Minute {
				t.Errorf("an item %+v", one)
			}
			values = append(values, one.Value.Value())
		}
		return values, nil
	}
	testenv.Eventually(t, "the metric is 7", func() bool {
		values, err := read(r.namespace, externalmetrics.Metric, labels.Everything())
		return err == nil && len(values) == 1 && values[0] == 7
	})
	t.Run("zero", func(t *testing.T) {
		r.backlog.n.Store(0)
		if values, err := read(r.namespace, externalmetrics.Metric, labels.Everything()); err != nil || len(values) != 1 || values[0] != 0 {
			t.Errorf("got %v, %v, want one 0", values, err)
		}
	})
	t.Run("the queue cannot be read", func(t *testing.T) {
		r.backlog.broken.Store(true)
		defer r.backlog.broken.Store(false)
		values, err := read(r.namespace, externalmetrics.Metric, labels.Everything())
		if !apierrors.IsServiceUnavailable(err) || strings.Contains(err.Error(), "10.1.2.3") {
			t.Errorf("got %v, %v, want 503 without the address", values, err)
		}
	})
	t.Run("a selector", func(t *testing.T) {
		values, err := read(r.namespace, externalmetrics.Metric, labels.SelectorFromSet(labels.Set{"queue": "x"}))
		if err != nil || len(values) != 0 {
			t.Errorf("got %v, %v, want no item: the metric has no labels", values, err)
		}
	})
	t.Run("another metric", func(t *testing.T) {
		if _, err := read(r.namespace, "tmd-other", labels.Everything()); !apierrors.IsNotFound(err) {
			t.Errorf("got %v, want 404", err)
		}
	})
	t.Run("another namespace", func(t *testing.T) {
		if _, err := read("default", externalmetrics.Metric, labels.Everything()); !apierrors.IsForbidden(err) {
			t.Errorf("got %v, want 403", err)
		}
	})
	t.Run("a user without the right", func(t *testing.T) {
		cfg, err := clientcmd.BuildConfigFromFlags("", server.KubeConfig(t, "stranger"))
		if err != nil {
			t.Fatal(err)
		}
		stranger, err := external.NewForConfig(cfg)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := stranger.NamespacedMetrics(r.namespace).List(externalmetrics.Metric, labels.Everything()); !apierrors.IsForbidden(err) {
			t.Errorf("got %v, want 403", err)
		}
	})
	t.Run("discovery", func(t *testing.T) {
		d, err := discovery.NewDiscoveryClientForConfig(server.RestConfig(t))
		if err != nil {
			t.Fatal(err)
		}
		list, err := d.ServerResourcesForGroupVersion("external.metrics.k8s.io/v1beta1")
		if err != nil || len(list.APIResources) != 1 || list.APIResources[0].Name != externalmetrics.Metric || !list.APIResources[0].Namespaced {
			t.Errorf("got %+v, %v", list, err)
		}
		testenv.Eventually(t, "the group is listed", func() bool {
			groups, err := d.ServerGroups()
			if err != nil {
				return false
			}
			for _, g := range groups.Groups {
				if g.Name == "external.metrics.k8s.io" {
					return g.PreferredVersion.Version == "v1beta1"
				}
			}
			return false
		})
	})
	t.Run("the Secret", func(t *testing.T) { r.checkSecret(t) })
}

// Only the aggregator gets an answer, whatever a request says about its sender.
func TestCallers(t *testing.T) {
	r := newRelease(t)
	l := listen(t)
	r.createAPIService(l.Addr().(*net.TCPAddr).Port)
	r.backlog.n.Store(3)
	serve(t, r.deps(), l)
	aggregator := []tls.Certificate{server.AggregatorCertificate(t)}
	cert, key := testenv.WriteCertificate(t)
	foreign, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	admin := http.Header{"X-Remote-User": {"system:kube-controller-manager"}, "X-Remote-Group": {"system:authenticated", "system:masters"}}
	path := "/apis/external.metrics.k8s.io/v1beta1/namespaces/" + r.namespace + "/" + externalmetrics.Metric
	addr := l.Addr().String()
	testenv.Eventually(t, "the aggregator gets the metric", func() bool {
		code, body, err := caller{addr, aggregator, admin}.get(t, path)
		return err == nil && code == http.StatusOK && strings.Contains(body, `"value":"3"`)
	})
	for name, tt := range map[string]struct {
		certificates []tls.Certificate
		header       http.Header
		path         string
		want         int // 0: no connection
	}{
		"no certificate":             {nil, admin, path, http.StatusUnauthorized},
		"a foreign certificate":      {[]tls.Certificate{foreign}, admin, path, 0},
		"no certificate, discovery":  {nil, admin, "/apis/external.metrics.k8s.io/v1beta1", http.StatusUnauthorized},
		"no user":                    {aggregator, http.Header{"X-Remote-Group": {"system:masters"}}, path, http.StatusUnauthorized},
		"a user without the right":   {aggregator, http.Header{"X-Remote-User": {"stranger"}}, path, http.StatusForbidden},
		"a user, discovery":          {aggregator, http.Header{"X-Remote-User": {"stranger"}}, "/apis/external.metrics.k8s.io/v1beta1", http.StatusOK},
		"the group":                  {aggregator, admin, "/apis/external.metrics.k8s.io", http.StatusOK},
		"a selector that is none":    {aggregator, admin, path + "?labelSelector=%3D%3D", http.StatusBadRequest},
		"a document that is missing": {aggregator, admin, "/openapi/v2", http.StatusNotFound},
		"all groups":                 {aggregator, admin, "/apis", http.StatusNotFound},
		"an escaped path":            {aggregator, admin, strings.ReplaceAll(path, "/namespaces/"+r.namespace, "/namespaces/%2e%2e"), http.StatusForbidden},
	} {
		t.Run(name, func(t *testing.T) {
			code, body, err := caller{addr, tt.certificates, tt.header}.get(t, tt.path)
			if code != tt.want || (err != nil) != (tt.want == 0) {
				t.Errorf("got %d %s, %v, want %d", code, body, err, tt.want)
			}
			if code >= http.StatusBadRequest && !strings.Contains(body, `"kind":"Status"`) {
				t.Errorf("got %s, want a Status", body)
			}
		})
	}
}

// A Service of another release or program keeps its APIService.
func TestAnAPIServiceOfAnother(t *testing.T) {
	r := newRelease(t)
	l := listen(t)
	r.createAPIService(l.Addr().(*net.TCPAddr).Port)
	d := r.deps()
	d.Host = "metrics.keda.svc"
	serve(t, d, l)
	testenv.Eventually(t, "a certificate is made", func() bool { return len(r.loadSecret(t)) > 0 })
	if _, _, err := (caller{addr: l.Addr().String()}).get(t, "/apis"); err == nil {
		t.Error("the server answers although the APIService is another's")
	}
	if bundle := r.loadBundle(t); bundle != "" {
		t.Errorf("the APIService got the bundle %s", bundle)
	}
}

// failingReader is an API server that does not answer.
type failingReader struct{ client.Reader }

func (failingReader) Get(context.Context, client.ObjectKey, client.Object, ...client.GetOption) error {
	return errors.New("no answer")
}

func TestTheServerEndsWithItsContext(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	d := (&release{t: t, backlog: &backlog{}, namespace: "tmd"}).deps()
	d.Reader, d.Client = failingReader{}, struct{ client.Client }{}
	s := testenv.Must(externalmetrics.New(d))
	if s.NeedLeaderElection() {
		t.Error("one replica alone answers, want each")
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	l := listen(t)
	go func() { ended <- s.ServeListener(ctx, l) }()
	if _, _, err := (caller{addr: l.Addr().String()}).get(t, "/apis"); err == nil {
		t.Error("the server answers before it knows the aggregator")
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
