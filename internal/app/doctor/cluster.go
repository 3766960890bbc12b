package doctor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/trackmydegree/trackmydegree/internal/config"
)

const (
	// accountFolder is where Kubernetes mounts the token of a pod's service account.
	accountFolder = "/var/run/secrets/kubernetes.io/serviceaccount"
	maxObject     = 1 << 20 // bytes
)

// skipError is the reason for which a check was not made.
type skipError struct{ reason string }

func (e *skipError) Error() string { return e.reason }

// cluster reads objects of Kubernetes as the service account of this pod. The client library of Kubernetes would be
// half of the program; one object needs one request.
type cluster struct {
	address, namespace, token string
	client                    *http.Client
}

// openCluster returns the cluster that this pod runs in; a skipError outside of one.
func openCluster(c config.Doctor, folder string) (*cluster, error) {
	if c.KubernetesHost == "" {
		return nil, &skipError{"skipped: this is no pod of Kubernetes"}
	}
	token, err := os.ReadFile(filepath.Join(folder, "token"))
	if err != nil {
		return nil, &skipError{"skipped: this pod has no token of its service account; the pod of `helm test` with doctor.enabled has one"}
	}
	namespace, err := os.ReadFile(filepath.Join(folder, "namespace"))
	if err != nil {
		return nil, fmt.Errorf("the namespace of this pod cannot be read: %w", err)
	}
	authority, err := os.ReadFile(filepath.Join(folder, "ca.crt"))
	if err != nil {
		return nil, fmt.Errorf("the authority of Kubernetes cannot be read: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(authority) {
		return nil, errors.New("the authority of Kubernetes is no certificate")
	}
	return &cluster{
		address:   "https://" + net.JoinHostPort(c.KubernetesHost, c.KubernetesPort.String()),
		namespace: strings.TrimSpace(string(namespace)), token: strings.TrimSpace(string(token)),
		client: &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, DisableKeepAlives: true}},
	}, nil
}

// readScaledObject reads the ScaledObject of a name.
func (k *cluster) readScaledObject(ctx context.Context, name string) (scaledObject, error) {
	var object scaledObject
	address := fmt.Sprintf("%s/apis/keda.sh/v1alpha1/namespaces/%s/scaledobjects/%s", k.address, url.PathEscape(k.namespace), url.PathEscape(name))
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return object, err
	}
	request.Header.Set("Authorization", "Bearer "+k.token)
	answer, err := k.client.Do(request)
	if err != nil {
		return object, fmt.Errorf("the API of Kubernetes cannot be reached: %w: check networkPolicy.kubernetesPorts and kubernetesTo", err)
	}
	defer answer.Body.Close()
	switch answer.StatusCode {
	case http.StatusOK:
	case http.StatusUnauthorized, http.StatusForbidden:
		return object, fmt.Errorf("Kubernetes refuses this service account the ScaledObject %s: grant it the verb get on scaledobjects of keda.sh", name) //nolint:staticcheck // a name
	case http.StatusNotFound:
		return object, fmt.Errorf("there is no ScaledObject %s in %s: install KEDA, and set worker.autoscaling.enabled", name, k.namespace)
	default:
		return object, fmt.Errorf("Kubernetes answers %s for the ScaledObject %s", answer.Status, name) //nolint:staticcheck // a name
	}
	if err := json.NewDecoder(io.LimitReader(answer.Body, maxObject)).Decode(&object); err != nil {
		return object, fmt.Errorf("the ScaledObject %s cannot be read: %w", name, err)
	}
	return object, nil
}

// checkKEDA looks at the ScaledObject of the workers, where the pod may read it.
func checkKEDA(ctx context.Context, c config.Doctor, folder string, log *slog.Logger) (string, error) {
	if c.ScaledObject == "" {
		return "", &skipError{"skipped: TMD_SCALED_OBJECT names no ScaledObject"}
	}
	k, err := openCluster(c, folder)
	if err != nil {
		return "", err
	}
	object, err := k.readScaledObject(ctx, c.ScaledObject)
	if err != nil {
		return "", err
	}
	return checkTriggers(object, c, k.namespace, log)
}
