package externalmetrics_test

import (
	"context"
	"crypto/tls"
	"maps"
	"net/http"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

// changedReader changes what the API server says about its aggregator.
type changedReader struct {
	client.Reader
	change map[string]string
}

func (r changedReader) Get(ctx context.Context, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
	err := r.Reader.Get(ctx, key, o, opts...)
	if c, ok := o.(*corev1.ConfigMap); ok && err == nil {
		maps.Copy(c.Data, r.change)
	}
	return err
}

// What the cluster says about its aggregator decides who is it.
func TestAggregatorOfTheCluster(t *testing.T) {
	r := newRelease(t)
	r.createAPIService(testenv.FreePort(t))
	path := "/apis/external.metrics.k8s.io/v1beta1"
	for name, tt := range map[string]struct {
		change map[string]string
		header string
		want   int // 0: no connection
	}{
		"as it is":           {nil, "X-Remote-User", http.StatusOK},
		"another name":       {map[string]string{"requestheader-allowed-names": `["front-proxy"]`}, "X-Remote-User", http.StatusUnauthorized},
		"any name":           {map[string]string{"requestheader-allowed-names": `[]`}, "X-Remote-User", http.StatusOK},
		"another header":     {map[string]string{"requestheader-username-headers": `["X-Who"]`}, "X-Remote-User", http.StatusUnauthorized},
		"the other header":   {map[string]string{"requestheader-username-headers": `["X-None","X-Who"]`}, "X-Who", http.StatusOK},
		"no header":          {map[string]string{"requestheader-username-headers": ``}, "X-Remote-User", 0},
		"no list":            {map[string]string{"requestheader-allowed-names": `front-proxy`}, "X-Remote-User", 0},
		"no aggregation":     {map[string]string{"requestheader-client-ca-file": ""}, "X-Remote-User", 0},
		"no such authority":  {map[string]string{"requestheader-client-ca-file": "garbage"}, "X-Remote-User", 0},
		"a name of no group": {map[string]string{"requestheader-group-headers": ""}, "X-Remote-User", http.StatusOK},
	} {
		t.Run(name, func(t *testing.T) {
			l := listen(t)
			d := r.deps()
			d.Reader = changedReader{r.Client, tt.change}
			serve(t, d, l)
			c := caller{l.Addr().String(), []tls.Certificate{server.AggregatorCertificate(t)}, http.Header{http.CanonicalHeaderKey(tt.header): {"ann"}}}
			var code int
			var err error
			if tt.want == 0 {
				if code, _, err = c.get(t, path); err == nil {
					t.Errorf("got %d, want no connection", code)
				}
				return
			}
			testenv.Eventually(t, "an answer", func() bool { code, _, err = c.get(t, path); return err == nil })
			if code != tt.want {
				t.Errorf("got %d, want %d", code, tt.want)
			}
		})
	}
}
