package externalmetrics_test

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/trackmydegree/trackmydegree/internal/controller/externalmetrics"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

func (r *release) loadSecret(t *testing.T) map[string][]byte {
	t.Helper()
	var s corev1.Secret
	if err := r.Get(t.Context(), client.ObjectKey{Namespace: r.namespace, Name: secretName}, &s); err != nil {
		t.Fatal(err)
	}
	return s.Data
}

// loadBundle returns the authority that the API server trusts, PEM.
func (r *release) loadBundle(t *testing.T) string {
	t.Helper()
	o := r.newAPIService()
	if err := r.Get(t.Context(), client.ObjectKeyFromObject(o), o); err != nil {
		t.Fatal(err)
	}
	encoded, _, _ := unstructured.NestedString(o.Object, "spec", "caBundle")
	bundle, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		t.Fatal(err)
	}
	return string(bundle)
}

// checkSecret checks that the certificate is for the Service alone, for a year, and that the API server trusts it.
func (r *release) checkSecret(t *testing.T) {
	t.Helper()
	data := r.loadSecret(t)
	c := parseFirst(t, data[corev1.TLSCertKey])
	if err := c.VerifyHostname(service + "." + r.namespace + ".svc"); err != nil {
		t.Error(err)
	}
	if left := time.Until(c.NotAfter); left < 364*24*time.Hour || left > 366*24*time.Hour || c.IsCA {
		t.Errorf("valid for %s, an authority: %t", left, c.IsCA)
	}
	if bundle := r.loadBundle(t); bundle != string(data["ca.crt"]) {
		t.Errorf("the API server trusts %q, want %q", bundle, data["ca.crt"])
	}
}

func parseFirst(t *testing.T, bundle []byte) *x509.Certificate {
	t.Helper()
	block, _ := pem.Decode(bundle)
	if block == nil {
		t.Fatalf("no certificate in %q", bundle)
	}
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// A certificate is renewed 90 days before its end. The one before stays trusted, for replicas that still present it.
func TestRenewal(t *testing.T) {
	r := newRelease(t)
	first := listen(t)
	port := first.Addr().(*net.TCPAddr).Port
	r.createAPIService(port)
	serveAt := func(t *testing.T, l net.Listener, ago time.Duration) {
		d := r.deps()
		d.Clock = func() time.Time { return time.Now().Add(-ago) }
		serve(t, d, l)
	}
	var old []byte
	t.Run("made 280 days ago", func(t *testing.T) {
		serveAt(t, first, 280*24*time.Hour)
		testenv.Eventually(t, "the API server trusts it", func() bool { return r.loadBundle(t) != "" })
		old = r.loadSecret(t)[corev1.TLSCertKey]
	})
	t.Run("kept before its time", func(t *testing.T) {
		l := listen(t)
		serveAt(t, l, 30*24*time.Hour)
		testenv.Eventually(t, "the server answers", func() bool {
			code, _, err := caller{addr: l.Addr().String()}.get(t, "/apis")
			return err == nil && code == http.StatusUnauthorized
		})
		// 250 days of 365 are over, and 115 are left.
		if got := r.loadSecret(t)[corev1.TLSCertKey]; !bytes.Equal(got, old) {
			t.Error("renewed too early")
		}
	})
	t.Run("renewed in time", func(t *testing.T) {
		serveAt(t, listen(t), 0)
		testenv.Eventually(t, "there is another certificate", func() bool {
			return !bytes.Equal(r.loadSecret(t)[corev1.TLSCertKey], old)
		})
		data := r.loadSecret(t)
		if want := append(bytes.Clone(data[corev1.TLSCertKey]), old...); !bytes.Equal(data["ca.crt"], want) {
			t.Errorf("the authority is\n%s, want the new certificate and the old one", data["ca.crt"])
		}
		testenv.Eventually(t, "the API server trusts both", func() bool { return r.loadBundle(t) == string(data["ca.crt"]) })
	})
}

// A certificate of the files is used as it is, and its authority is written into the APIService.
func TestFiles(t *testing.T) {
	r := newRelease(t)
	l := listen(t)
	r.createAPIService(l.Addr().(*net.TCPAddr).Port)
	cert, key := testenv.WriteCertificate(t)
	d := r.deps()
	d.Secret = ""
	d.Files = externalmetrics.Files{Certificate: cert, Key: key, Authority: cert}
	serve(t, d, l)
	want, err := os.ReadFile(cert)
	if err != nil {
		t.Fatal(err)
	}
	testenv.Eventually(t, "the API server trusts it", func() bool { return r.loadBundle(t) == string(want) })
	if len(r.loadSecret(t)) > 0 {
		t.Error("a certificate was made")
	}
	t.Run("a missing file", func(t *testing.T) {
		d := r.deps()
		d.Files = externalmetrics.Files{Certificate: cert, Key: filepath.Join(t.TempDir(), "none"), Authority: cert}
		other := listen(t)
		serve(t, d, other)
		if _, _, err := (caller{addr: other.Addr().String()}).get(t, "/apis"); err == nil {
			t.Error("the server answers without a key")
		}
	})
}
