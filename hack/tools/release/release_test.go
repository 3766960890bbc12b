package main

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"go.yaml.in/yaml/v4"
)

const projectChart = "../../../charts/trackmydegree"

var revisionTime = time.Date(2026, 11, 24, 1, 31, 5, 0, time.UTC)

// TestReleaseInRegistry publishes an image and a chart in a registry, and renders the chart from there: each pod of the
// project has the digest of the published image.
func TestReleaseInRegistry(t *testing.T) {
	helm, err := exec.LookPath("../../../.bin/helm")
	if err != nil {
		if helm, err = exec.LookPath("helm"); err != nil {
			t.Skip("helm is missing: run hack/deps.sh chart")
		}
	}
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	defer server.Close()
	host := strings.TrimPrefix(server.URL, "http://")
	index, err := buildIndex(v1.Config{User: "65532:65532"}, revisionTime, []string{"linux/amd64=" + writeRoot(t), "linux/arm64=" + writeRoot(t)})
	if err != nil {
		t.Fatal(err)
	}
	digest, err := index.Digest()
	if err != nil {
		t.Fatal(err)
	}
	version := readVersion(t)
	image := host + "/degrees/trackmydegree"
	reference, err := name.ParseReference(image + ":" + version)
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.WriteIndex(reference, index); err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	stamped := filepath.Join(folder, "trackmydegree")
	if err := stampChart(projectChart, "../../../CHANGELOG.md", image, digest.String(), stamped); err != nil {
		t.Fatal(err)
	}
	runHelm(t, helm, "package", stamped, "--destination", folder)
	runHelm(t, helm, "push", "--plain-http", filepath.Join(folder, "trackmydegree-"+version+".tgz"), "oci://"+host+"/charts")
	pulled := filepath.Join(folder, "pulled")
	runHelm(t, helm, "pull", "--plain-http", "oci://"+host+"/charts/trackmydegree", "--version", version, "--untar", "--untardir", pulled)

	chart := filepath.Join(pulled, "trackmydegree")
	for _, test := range []struct {
		name  string
		args  []string
		image string
	}{
		{"defaults", nil, image + ":" + version + "@" + digest.String()},
		{"a mirror", []string{"--set", "global.imageRegistry=mirror.example.org"}, "mirror.example.org/degrees/trackmydegree:" + version + "@" + digest.String()},
		{"a tag", []string{"--set", "image.tag=v2"}, image + ":v2"},
		{"a repository", []string{"--set", "image.repository=mine"}, host + "/mine:" + version},
		{"images that the controller follows", []string{"--set", "controller.enabled=true", "--set", "controller.images.enabled=true"}, image + ":" + version},
	} {
		t.Run(test.name, func(t *testing.T) {
			rendered := runHelm(t, helm, append([]string{"template", "tmd", chart, "--show-only", "templates/api/deployment.yaml"}, test.args...)...)
			if want := "image: " + test.image; !containsImage(rendered, test.image) {
				t.Errorf("the API has no %q in:\n%s", want, grepLines(rendered, "image:"))
			}
		})
	}
	if found, err := remote.Head(reference); err != nil || found.Digest != digest {
		t.Errorf("the registry has %v (%v), want %s", found, err, digest)
	}
	requireAnnotations(t, filepath.Join(chart, "Chart.yaml"), image+":"+version+"@"+digest.String())
}

func requireAnnotations(t *testing.T, file, image string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var chart struct{ Annotations map[string]string }
	if err := yaml.Unmarshal(text, &chart); err != nil {
		t.Fatal(err)
	}
	var images []struct {
		Name, Image string
		Platforms   []string
	}
	if err := yaml.Unmarshal([]byte(chart.Annotations["artifacthub.io/images"]), &images); err != nil {
		t.Fatal(err)
	}
	if len(images) != 3 || images[0].Image != image || len(images[0].Platforms) != 2 {
		t.Errorf("artifacthub.io/images is %v, want %s for two platforms first", images, image)
	}
	var changes []change
	if err := yaml.Unmarshal([]byte(chart.Annotations["artifacthub.io/changes"]), &changes); err != nil {
		t.Fatal(err)
	}
	if len(changes) == 0 {
		t.Error("artifacthub.io/changes is empty")
	}
	if chart.Annotations["artifacthub.io/license"] != "Apache-2.0" {
		t.Error("the annotations of the chart are lost")
	}
}

func TestImageDependsOnContentsAlone(t *testing.T) {
	digests := map[v1.Hash]bool{}
	for range 2 {
		index, err := buildIndex(v1.Config{}, revisionTime, []string{"linux/amd64=" + writeRoot(t)})
		if err != nil {
			t.Fatal(err)
		}
		digest, err := index.Digest()
		if err != nil {
			t.Fatal(err)
		}
		digests[digest] = true
	}
	if len(digests) != 1 {
		t.Errorf("two builds of one root have the digests %v, want one", digests)
	}
}

func TestPackFolderOwners(t *testing.T) {
	packed, err := packFolder(writeRoot(t), revisionTime)
	if err != nil {
		t.Fatal(err)
	}
	owners := map[string]int{}
	archive := tar.NewReader(bytes.NewReader(packed))
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		owners[header.Name] = header.Uid
		if !header.ModTime.Equal(revisionTime) {
			t.Errorf("%s has the time %s, want %s", header.Name, header.ModTime, revisionTime)
		}
	}
	if owners["tmd"] != 0 || owners[uploadsFolder] != imageUser {
		t.Errorf("owners are %v, want 0 for tmd and %d for %s", owners, imageUser, uploadsFolder)
	}
}

func TestReplaceImageRefusesOtherBlocks(t *testing.T) {
	repository, err := name.NewRepository("ghcr.io/a/b")
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"none":          "redis:\n  image:\n    registry: x\n",
		"no repository": "image:\n  registry: x\n",
		"two":           "image:\n  registry: x\n  repository: y\nimage:\n  registry: x\n  repository: y\n",
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := replaceImage([]byte(text), repository); err == nil {
				t.Errorf("got %q, want an error", got)
			}
		})
	}
	got, err := replaceImage([]byte("a: 1\nimage:\n  # Where it is.\n  registry: x\n  repository: y\n  tag: \"\"\nb: 2\n"), repository)
	if want := "a: 1\nimage:\n  # Where it is.\n  registry: ghcr.io\n  repository: a/b\n  tag: \"\"\nb: 2\n"; err != nil || string(got) != want {
		t.Errorf("got %q (%v), want %q", got, err, want)
	}
}

func TestListChanges(t *testing.T) {
	const changelog = "# Changelog\n\n## [Unreleased]\n\n### Fixed\n\n- Later.\n\n## [1.0.0] - 2026-11-24\n\n### Added\n\n- One\n  in two lines.\n### Security\n- Two.\n\n[1.0.0]: https://example.org\n"
	got := listChanges(changelog, "1.0.0")
	want := []change{{"added", "One in two lines."}, {"security", "Two."}}
	if len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := listChanges(changelog, "1.1.0"); len(got) != 1 || got[0] != (change{"fixed", "Later."}) {
		t.Errorf("a version that is not released has %v, want what is unreleased", got)
	}
}

// writeRoot writes a small root of an image.
func writeRoot(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	if err := os.MkdirAll(filepath.Join(root, uploadsFolder), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "tmd"), []byte("program"), 0o755); err != nil {
		t.Fatal(err)
	}
	return root
}

func readVersion(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(projectChart, "Chart.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var chart struct{ Version string }
	if err := yaml.Unmarshal(text, &chart); err != nil {
		t.Fatal(err)
	}
	return chart.Version
}

func runHelm(t *testing.T, helm string, args ...string) string {
	t.Helper()
	command := exec.Command(helm, args...)
	command.Env = append(os.Environ(), "HELM_CONFIG_HOME="+t.TempDir(), "HELM_CACHE_HOME="+t.TempDir())
	out, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("helm %s: %v\n%s", args[0], err, out)
	}
	return string(out)
}

func containsImage(rendered, image string) bool {
	for line := range strings.Lines(rendered) {
		if strings.Trim(strings.TrimPrefix(strings.TrimSpace(line), "image: "), `"`) == image {
			return true
		}
	}
	return false
}

func grepLines(text, part string) string {
	var found []string
	for line := range strings.Lines(text) {
		if strings.Contains(line, part) {
			found = append(found, line)
		}
	}
	return strings.Join(found, "")
}
