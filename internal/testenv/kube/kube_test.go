package kube_test

import (
	"os"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/trackmydegree/trackmydegree/internal/testenv/kube"
)

var server kube.Server

func TestMain(m *testing.M) { os.Exit(server.RunMain(m)) }

func TestServerKeepsObjects(t *testing.T) {
	t.Parallel()
	ns := server.CreateNamespace(t)
	c := server.NewClient(t)
	made := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "one"}}
	if err := c.Create(t.Context(), made); err != nil {
		t.Fatal(err)
	}
	if err := c.Delete(t.Context(), made); err != nil {
		t.Fatal(err)
	}
}
