package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

func TestReadDockerfile(t *testing.T) {
	const text = `ARG VERSION=dev
FROM golang AS build
USER root
ENV A=b
FROM scratch
ARG VERSION
LABEL title="Two words" \
      version="${VERSION}"
ENV TMD_A=/a TMD_B=b
USER 65532:65532
ENTRYPOINT ["/tmd", "x"]
`
	file := filepath.Join(t.TempDir(), "Dockerfile")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := readDockerfile(file, map[string]string{"VERSION": "1.2.3"})
	if err != nil {
		t.Fatal(err)
	}
	want := v1.Config{
		Labels: map[string]string{"title": "Two words", "version": "1.2.3"}, Env: []string{"TMD_A=/a", "TMD_B=b"},
		User: "65532:65532", Entrypoint: []string{"/tmd", "x"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the configuration (-want +got):\n%s", diff)
	}
	if _, err := readDockerfile(file, nil); err == nil || !strings.Contains(err.Error(), "VERSION") {
		t.Errorf("without the argument: %v, want an error that names VERSION", err)
	}
}

func TestReadDockerfileRefusals(t *testing.T) {
	for name, text := range map[string]string{
		"a shell":        "FROM scratch\nENTRYPOINT /tmd x\n",
		"an instruction": "FROM scratch\nVOLUME /data\n",
		"nothing":        "",
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "Dockerfile")
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			if config, err := readDockerfile(file, nil); err == nil {
				t.Errorf("got %+v, want a refusal", config)
			}
		})
	}
}

// TestProjectDockerfile reads the file of the project: an instruction that the tool does not know must not be lost.
func TestProjectDockerfile(t *testing.T) {
	config, err := readDockerfile("../../../Dockerfile", map[string]string{"VERSION": "1.2.3", "REVISION": "abc"})
	if err != nil {
		t.Fatal(err)
	}
	if config.User != "65532:65532" || len(config.Entrypoint) != 1 || config.Entrypoint[0] != "/tmd" {
		t.Errorf("user %q, entrypoint %q", config.User, config.Entrypoint)
	}
	if got := config.Labels["org.opencontainers.image.version"]; got != "1.2.3" {
		t.Errorf("the label of the version is %q, want 1.2.3", got)
	}
	if len(config.Env) != 1 || config.Env[0] != "TMD_CACHE_SEED=/usr/share/tmd/cache" {
		t.Errorf("the environment is %q", config.Env)
	}
}
