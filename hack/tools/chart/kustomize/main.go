// Command kustomize writes plain manifests from the chart: a kustomize base and its overlays.
//
//	kustomize HELM CHART FOLDER
//
// FOLDER/values holds a values file for the base and for each overlay. The chart is rendered with each; an overlay
// gets the objects that the base lacks, and patches for those that differ. Finally kustomize builds all of them, and
// the result must equal the rendered chart, object for object.
package main

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

// name is the name of the release and of the namespace: the names of the objects contain it.
const name = "trackmydegree"

const header = "# Made from the chart by `make k8s`. Change the chart or k8s/values instead.\n"

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: kustomize HELM CHART FOLDER")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, "kustomize:", err)
		os.Exit(1)
	}
}

func run(helm, chart, folder string) error {
	base, err := render(helm, chart, filepath.Join(folder, "values", "base.yaml"))
	if err != nil {
		return err
	}
	if err := writeBase(filepath.Join(folder, "base"), base); err != nil {
		return err
	}
	if err := verify(filepath.Join(folder, "base"), base); err != nil {
		return err
	}
	for _, overlay := range []string{"dev", "production"} {
		objects, err := render(helm, chart, filepath.Join(folder, "values", overlay+".yaml"))
		if err != nil {
			return err
		}
		dir := filepath.Join(folder, "overlays", overlay)
		if err := writeOverlay(dir, base, objects); err != nil {
			return err
		}
		if err := verify(dir, objects); err != nil {
			return err
		}
	}
	return nil
}

type object = map[string]any

// render returns the chart's objects by the names of their files.
func render(helm, chart, values string) (map[string]object, error) {
	command := exec.Command(helm, "template", name, chart, "--namespace", name, "--values", values)
	var faults bytes.Buffer
	command.Stderr = &faults
	text, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("helm template with %s: %w\n%s", values, err, faults.String())
	}
	return parse(text)
}

func parse(text []byte) (map[string]object, error) {
	objects := map[string]object{}
	for _, document := range bytes.Split(text, []byte("\n---\n")) {
		var o object
		if err := yaml.Unmarshal(document, &o); err != nil {
			return nil, err
		}
		if len(o) == 0 {
			continue
		}
		withoutHelm(o)
		file := fileOf(o)
		if objects[file] != nil {
			return nil, fmt.Errorf("two objects would be %s", file)
		}
		objects[file] = o
	}
	return objects, nil
}

// withoutHelm removes the marks of Helm's ownership, and of hooks, from an object.
func withoutHelm(o object) {
	metadata, _ := o["metadata"].(object)
	labels, _ := metadata["labels"].(object)
	delete(labels, "app.kubernetes.io/managed-by")
	delete(labels, "helm.sh/chart")
	annotations, _ := metadata["annotations"].(object)
	for key := range annotations {
		if strings.HasPrefix(key, "helm.sh/") {
			delete(annotations, key)
		}
	}
	if len(annotations) == 0 {
		delete(metadata, "annotations")
	}
}

// fileOf returns api-deployment.yaml for the Deployment trackmydegree-api.
func fileOf(o object) string {
	metadata, _ := o["metadata"].(object)
	short := strings.Trim(strings.TrimPrefix(fmt.Sprint(metadata["name"]), name), "-")
	return strings.TrimPrefix(short+"-", "-") + strings.ToLower(fmt.Sprint(o["kind"])) + ".yaml"
}

func writeBase(dir string, objects map[string]object) error {
	files := slices.Sorted(maps.Keys(objects))
	if err := fresh(dir); err != nil {
		return err
	}
	for file, o := range objects {
		if err := write(filepath.Join(dir, file), o); err != nil {
			return err
		}
	}
	return write(filepath.Join(dir, "kustomization.yaml"), kustomization(object{"resources": files}))
}

func writeOverlay(dir string, base, objects map[string]object) error {
	if err := fresh(dir); err != nil {
		return err
	}
	resources, patches := []string{"../../base"}, []any{}
	for _, file := range slices.Sorted(maps.Keys(objects)) {
		o := objects[file]
		switch was := base[file]; {
		case was == nil:
			resources = append(resources, file)
			if err := write(filepath.Join(dir, file), o); err != nil {
				return err
			}
		case !reflect.DeepEqual(was, o):
			patch := strings.TrimSuffix(file, ".yaml") + ".patch.yaml"
			patches = append(patches, object{"path": patch, "target": target(o)})
			if err := write(filepath.Join(dir, patch), difference("", was, o)); err != nil {
				return err
			}
		}
	}
	for _, file := range slices.Sorted(maps.Keys(base)) {
		if objects[file] == nil {
			o := base[file]
			gone, err := yaml.Marshal(object{"apiVersion": o["apiVersion"], "kind": o["kind"], "metadata": object{"name": metadataName(o)}, "$patch": "delete"})
			if err != nil {
				return err
			}
			patches = append(patches, object{"patch": string(gone)})
		}
	}
	k := object{"resources": resources}
	if len(patches) > 0 {
		k["patches"] = patches
	}
	return write(filepath.Join(dir, "kustomization.yaml"), kustomization(k))
}

func kustomization(o object) object {
	o["apiVersion"], o["kind"] = "kustomize.config.k8s.io/v1beta1", "Kustomization"
	return o
}

func metadataName(o object) any { return o["metadata"].(object)["name"] }

func target(o object) object {
	group, version, ok := strings.Cut(fmt.Sprint(o["apiVersion"]), "/")
	if !ok {
		group, version = "", group
	}
	t := object{"version": version, "kind": o["kind"], "name": metadataName(o)}
	if group != "" {
		t["group"] = group
	}
	return t
}

// difference returns the JSON patch (RFC 6902) from a to b. Lists of the same length are compared item by item;
// others are replaced.
func difference(path string, a, b any) []object {
	if reflect.DeepEqual(a, b) {
		return nil
	}
	if x, ok := a.(object); ok {
		if y, ok := b.(object); ok {
			return differenceOfObjects(path, x, y)
		}
	}
	if x, ok := a.([]any); ok {
		if y, ok := b.([]any); ok && len(x) == len(y) {
			var all []object
			for i := range x {
				all = append(all, difference(fmt.Sprintf("%s/%d", path, i), x[i], y[i])...)
			}
			return all
		}
	}
	return []object{{"op": "replace", "path": path, "value": b}}
}

func differenceOfObjects(path string, a, b object) []object {
	keys := slices.Collect(maps.Keys(a))
	for key := range b {
		if _, both := a[key]; !both {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	var all []object
	for _, key := range keys {
		at := path + "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(key)
		was, had := a[key]
		is, has := b[key]
		switch {
		case !has:
			all = append(all, object{"op": "remove", "path": at})
		case !had:
			all = append(all, object{"op": "add", "path": at, "value": is})
		default:
			all = append(all, difference(at, was, is)...)
		}
	}
	return all
}

// verify builds a folder with kustomize and compares the result.
func verify(dir string, want map[string]object) error {
	built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), dir)
	if err != nil {
		return err
	}
	text, err := built.AsYaml()
	if err != nil {
		return err
	}
	got, err := parse(text)
	if err != nil {
		return err
	}
	var faults []error
	for file, o := range want {
		if !reflect.DeepEqual(got[file], o) {
			faults = append(faults, fmt.Errorf("%s: kustomize does not build the %s that the chart renders", dir, file))
		}
		delete(got, file)
	}
	for file := range got {
		faults = append(faults, fmt.Errorf("%s: kustomize builds a %s that the chart does not render", dir, file))
	}
	return errors.Join(faults...)
}

// fresh removes the files of an earlier run from a folder.
func fresh(dir string) error {
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	return os.MkdirAll(dir, 0o755)
}

func write(path string, v any) error {
	text, err := yaml.Marshal(v)
	if err != nil {
		return err
	}
	return os.WriteFile(path, append([]byte(header), text...), 0o644)
}
