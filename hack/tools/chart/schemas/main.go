// Command schemas writes JSON schemas of the Kubernetes kinds that the chart uses, for kubeconform, into a folder:
//
//	schemas FOLDER
//
// The usual collections of schemas are served by GitHub. These come from the sources, as Go modules with pinned
// versions: the OpenAPI document of Kubernetes, and the custom resource definitions of KEDA, the Gateway API and the
// Prometheus operator. Every object is closed: a misspelt field is a fault.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"
)

// The sources. Kubernetes is that of hack/cluster.
const (
	kubernetes = "k8s.io/kubernetes@v1.34.4"
	keda       = "github.com/kedacore/keda/v2@v2.21.0"
	gateway    = "sigs.k8s.io/gateway-api@v1.6.0"
	prometheus = "github.com/prometheus-operator/prometheus-operator@v0.85.0"
)

// crds are the definitions of custom resources: module and files.
var crds = map[string][]string{
	keda:    {"config/crd/bases/keda.sh_scaledobjects.yaml", "config/crd/bases/keda.sh_triggerauthentications.yaml"},
	gateway: {"config/crd/standard/gateway.networking.k8s.io_httproutes.yaml"},
	prometheus: {
		"example/prometheus-operator-crd/monitoring.coreos.com_servicemonitors.yaml",
		"example/prometheus-operator-crd/monitoring.coreos.com_prometheusrules.yaml",
	},
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: schemas FOLDER")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "schemas:", err)
		os.Exit(1)
	}
}

func run(folder string) error {
	stamp := filepath.Join(folder, ".sources")
	sources := strings.Join(slices.Concat([]string{kubernetes, keda, gateway, prometheus}, crds[keda], crds[gateway], crds[prometheus]), "\n")
	if had, err := os.ReadFile(stamp); err == nil && string(had) == sources {
		return nil
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	dir, err := download(kubernetes)
	if err != nil {
		return err
	}
	if err := builtin(filepath.Join(dir, "api/openapi-spec/swagger.json"), folder); err != nil {
		return err
	}
	for module, files := range crds {
		dir, err := download(module)
		if err != nil {
			return err
		}
		for _, file := range files {
			if err := custom(filepath.Join(dir, file), folder); err != nil {
				return err
			}
		}
	}
	return os.WriteFile(stamp, []byte(sources), 0o644)
}

// download returns the folder of a module's source. The checksum database verifies it.
func download(module string) (string, error) {
	command := exec.Command("go", "mod", "download", "-json", module)
	command.Dir = os.TempDir() // outside of any module, so that no go.mod changes the version
	text, err := command.Output()
	var got struct{ Dir, Error string }
	if jsonErr := json.Unmarshal(text, &got); jsonErr != nil {
		return "", fmt.Errorf("download %s: %w", module, errors.Join(err, jsonErr))
	}
	if got.Error != "" {
		return "", fmt.Errorf("download %s: %s", module, got.Error)
	}
	return got.Dir, nil
}

type schema = map[string]any

// builtin writes a schema for each kind of the OpenAPI document that has one group and version.
func builtin(path, folder string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var document struct {
		Definitions map[string]schema `json:"definitions"`
	}
	if err := json.Unmarshal(text, &document); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	for name, definition := range document.Definitions {
		closeObjects(definition)
		if strings.HasSuffix(name, ".intstr.IntOrString") || strings.HasSuffix(name, ".resource.Quantity") {
			definition["type"] = []string{"string", "number"}
			delete(definition, "format")
		}
	}
	for name, definition := range document.Definitions {
		kinds, _ := definition["x-kubernetes-group-version-kind"].([]any)
		if len(kinds) != 1 {
			continue
		}
		needed := map[string]schema{}
		collect(definition, document.Definitions, needed)
		needed[name] = definition
		gvk, _ := kinds[0].(map[string]any)
		group, _ := gvk["group"].(string)
		version, _ := gvk["version"].(string)
		kind, _ := gvk["kind"].(string)
		root := schema{"$ref": "#/definitions/" + name, "definitions": needed}
		if err := write(folder, group, version, kind, root); err != nil {
			return err
		}
	}
	return nil
}

// collect adds every definition to which a schema refers.
func collect(node any, all, into map[string]schema) {
	switch n := node.(type) {
	case map[string]any:
		if ref, ok := n["$ref"].(string); ok {
			name := strings.TrimPrefix(ref, "#/definitions/")
			if _, seen := into[name]; !seen {
				into[name] = all[name]
				collect(all[name], all, into)
			}
		}
		for _, child := range n {
			collect(child, all, into)
		}
	case []any:
		for _, child := range n {
			collect(child, all, into)
		}
	}
}

// custom writes a schema for each version of a custom resource definition.
func custom(path, folder string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var crd struct {
		Spec struct {
			Group    string                `json:"group"`
			Names    struct{ Kind string } `json:"names"`
			Versions []struct {
				Name   string `json:"name"`
				Schema struct {
					OpenAPIV3Schema schema `json:"openAPIV3Schema"`
				} `json:"schema"`
			} `json:"versions"`
		} `json:"spec"`
	}
	// A file may open with a comment or hold a second, empty document.
	for _, document := range strings.Split(string(text), "\n---") {
		if err := yaml.Unmarshal([]byte(document), &crd); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		if crd.Spec.Names.Kind != "" {
			break
		}
	}
	if len(crd.Spec.Versions) == 0 {
		return fmt.Errorf("%s holds no custom resource definition", path)
	}
	for _, version := range crd.Spec.Versions {
		closeObjects(version.Schema.OpenAPIV3Schema)
		if err := write(folder, crd.Spec.Group, version.Name, crd.Spec.Names.Kind, version.Schema.OpenAPIV3Schema); err != nil {
			return err
		}
	}
	return nil
}

// closeObjects refuses unknown fields wherever fields are listed, unless the source allows them.
func closeObjects(node any) {
	switch n := node.(type) {
	case map[string]any:
		properties, listed := n["properties"].(map[string]any)
		_, open := n["additionalProperties"]
		keeps, _ := n["x-kubernetes-preserve-unknown-fields"].(bool)
		if listed && len(properties) > 0 && !open && !keeps && n["type"] == "object" {
			n["additionalProperties"] = false
		}
		for _, child := range n {
			closeObjects(child)
		}
	case []any:
		for _, child := range n {
			closeObjects(child)
		}
	}
}

// write names the file in the form that kubeconform requests: {{.ResourceKind}}{{.KindSuffix}}.
func write(folder, group, version, kind string, s schema) error {
	name := kind + "-" + version
	if group != "" {
		name = kind + "-" + strings.Split(group, ".")[0] + "-" + version
	}
	text, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, strings.ToLower(name)+".json"), text, 0o644)
}
