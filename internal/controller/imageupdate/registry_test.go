package imageupdate_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/trackmydegree/trackmydegree/internal/controller/imageupdate"
)

// guarded is a real registry that requires a password.
func guarded(t *testing.T) (addr string) {
	t.Helper()
	inner := store()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); user != "reader" || password != "secret" {
			w.Header().Set("WWW-Authenticate", `Basic realm="test"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		inner.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "http://")
}

// pullSecret is a secret in the form of `kubectl create secret docker-registry`.
func pullSecret(namespace, registry string) *corev1.Secret {
	auth := base64.StdEncoding.EncodeToString([]byte("reader:secret"))
	return &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "pull"}, Type: corev1.SecretTypeDockerConfigJson,
		Data: map[string][]byte{corev1.DockerConfigJsonKey: fmt.Appendf(nil, `{"auths":{%q:{"auth":%q}}}`, registry, auth)},
	}
}

func pushTo(t *testing.T, tagged string, options ...remote.Option) string {
	t.Helper()
	image, err := random.Image(64, 1)
	if err != nil {
		t.Fatal(err)
	}
	tag, err := name.NewTag(tagged)
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(tag, image, options...); err != nil {
		t.Fatal(err)
	}
	digest, err := image.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return digest.String()
}

func TestAPrivateRegistry(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	f.registry = guarded(t)
	login := remote.WithAuth(&authn.Basic{Username: "reader", Password: "secret"})
	pushTo(t, f.image(), login)
	f.install("api", 1, f.image(), "api")
	fresh := pushTo(t, f.image(), login)
	f.night()
	if wait := f.step().RequeueAfter; wait != time.Minute {
		t.Errorf("without its secret: again after %s", wait)
	}
	f.pass(15 * time.Minute)
	f.step()
	if f.runs("api") != f.image() || !f.recorder.has("tmd-api Warning ImageCheckFailed: ") || f.annotation("api", imageupdate.CheckedAnnotation) == "" {
		t.Errorf("%q", f.recorder.said)
	}
	if err := f.Create(t.Context(), pullSecret(f.namespace, f.registry)); err != nil {
		t.Fatal(err)
	}
	f.night()
	f.sync("api")
	f.step()
	if got := f.runs("api"); got != f.image()+"@"+fresh {
		t.Errorf("with its secret: %s", got)
	}
}

// toLoopback sends every connection to the registry of the test, whatever its host.
type toLoopback struct {
	addr  string
	asked []string
}

func (l *toLoopback) RoundTrip(r *http.Request) (*http.Response, error) {
	l.asked = append(l.asked, r.URL.Scheme+"://"+r.URL.Host)
	if r.URL.Scheme == "https" {
		return nil, fmt.Errorf("%s speaks no TLS", r.URL.Host)
	}
	to := r.Clone(r.Context())
	to.URL = &url.URL{Scheme: "http", Host: l.addr, Path: r.URL.Path, RawQuery: r.URL.RawQuery}
	return http.DefaultTransport.RoundTrip(to)
}

func TestPlainHTTPIsForThoseWhoWereNamed(t *testing.T) {
	t.Parallel()
	hub := httptest.NewServer(store())
	t.Cleanup(hub.Close)
	addr := strings.TrimPrefix(hub.URL, "http://")
	want := pushTo(t, addr+"/app:1")
	for _, host := range []string{"10.1.2.3:5000", "192.168.1.2", "registry.local:5000", "registry.example.org"} {
		network := &toLoopback{addr: addr}
		if _, err := (&imageupdate.Remote{Transport: network}).ResolveDigest(t.Context(), host+"/app:1", nil); err == nil {
			t.Errorf("%s was asked in plain text", host)
		}
		for _, asked := range network.asked {
			if !strings.HasPrefix(asked, "https://") {
				t.Errorf("%s was asked: %s", host, asked)
			}
		}
		named := &imageupdate.Remote{PlainHTTP: []string{host}, Transport: network}
		if got, err := named.ResolveDigest(t.Context(), host+"/app:1", nil); err != nil || got != want {
			t.Errorf("%s, named: %s, %v", host, got, err)
		}
	}
}

// Some registries do not answer HEAD.
func TestARegistryWithoutHEAD(t *testing.T) {
	t.Parallel()
	inner := store()
	var refuses atomic.Bool
	hub := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if refuses.Load() && r.Method == http.MethodHead && strings.Contains(r.URL.Path, "/manifests/") {
			w.WriteHeader(http.StatusMethodNotAllowed)
			return
		}
		inner.ServeHTTP(w, r)
	}))
	t.Cleanup(hub.Close)
	tagged := strings.TrimPrefix(hub.URL, "http://") + "/app:1"
	want := pushTo(t, tagged)
	refuses.Store(true)
	if got, err := (&imageupdate.Remote{}).ResolveDigest(t.Context(), tagged, nil); err != nil || got != want {
		t.Errorf("%s, %v", got, err)
	}
	if _, err := (&imageupdate.Remote{}).ResolveDigest(t.Context(), strings.TrimSuffix(tagged, "1")+"2", nil); err == nil || !strings.Contains(err.Error(), "MANIFEST_UNKNOWN") {
		t.Errorf("a tag that is not there: %v", err)
	}
	if _, err := (&imageupdate.Remote{}).ResolveDigest(t.Context(), "not a name", nil); err == nil {
		t.Error("resolved")
	}
}
