package externalmetrics

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// apiService is the object by which the API server forwards requests of the group. Its name is fixed, so that a cluster
// has one.
const apiService = version + "." + group

// publishAuthority writes the authority of the certificate into the APIService. It refuses one that belongs to another
// Service.
func (s *Server) publishAuthority(ctx context.Context, authority []byte) error {
	o := &unstructured.Unstructured{}
	o.SetAPIVersion("apiregistration.k8s.io/v1")
	o.SetKind("APIService")
	if err := s.deps.Reader.Get(ctx, client.ObjectKey{Name: apiService}, o); err != nil {
		return fmt.Errorf("externalmetrics: APIService: %w", err)
	}
	name, _, _ := unstructured.NestedString(o.Object, "spec", "service", "name")
	namespace, _, _ := unstructured.NestedString(o.Object, "spec", "service", "namespace")
	if host := name + "." + namespace + ".svc"; host != s.deps.Host {
		return fmt.Errorf("externalmetrics: the APIService %s belongs to %s, and a cluster has one", apiService, host)
	}
	encoded := base64.StdEncoding.EncodeToString(authority)
	if bundle, _, _ := unstructured.NestedString(o.Object, "spec", "caBundle"); bundle == encoded || s.deps.DryRun {
		return nil
	}
	patch, err := json.Marshal(map[string]any{"spec": map[string]any{"caBundle": encoded}})
	if err != nil {
		return err
	}
	if err := s.deps.Client.Patch(ctx, o, client.RawPatch(types.MergePatchType, patch)); err != nil {
		return fmt.Errorf("externalmetrics: APIService: %w", err)
	}
	s.deps.Logger.Info("the API server trusts the certificate of the external metric", "apiservice", apiService)
	return nil
}
