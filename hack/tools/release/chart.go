package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	"go.yaml.in/yaml/v4"
)

// digestAnnotation is the annotation that "tmd.image" of the chart reads.
const digestAnnotation = "trackmydegree.io/image-digest"

func runChart(flags *flag.FlagSet, args []string) error {
	chart, changelog := flags.String("chart", "", "folder of the chart"), flags.String("changelog", "", "CHANGELOG.md")
	image, digest := flags.String("image", "", "name of the published image, without a tag"), flags.String("digest", "", "its digest")
	out := flags.String("o", "", "folder of the copy")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if err := requireFlags(flags); err != nil {
		return err
	}
	return stampChart(*chart, *changelog, *image, *digest, *out)
}

// stampChart copies a chart, so that its default image is the published one, by digest, and it has the annotations of
// Artifact Hub that each release changes.
func stampChart(chart, changelog, image, digest, out string) error {
	if err := os.CopyFS(out, os.DirFS(chart)); err != nil {
		return err
	}
	repository, err := name.NewRepository(image)
	if err != nil {
		return err
	}
	var values valuesFile
	for _, file := range []string{"values.yaml", "files/defaults.yaml"} {
		path := filepath.Join(out, file)
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if text, err = replaceImage(text, repository); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		if err := yaml.Unmarshal(text, &values); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		if err := os.WriteFile(path, text, 0o644); err != nil {
			return err
		}
	}
	notes, err := os.ReadFile(changelog)
	if err != nil {
		return err
	}
	path := filepath.Join(out, "Chart.yaml")
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if text, err = annotateChart(text, string(notes), values, digest); err != nil {
		return fmt.Errorf("Chart.yaml: %w", err)
	}
	return os.WriteFile(path, text, 0o644)
}

// valuesFile is the part of values.yaml that names the images of a default installation.
type valuesFile struct {
	Image   imageValues
	Redis   struct{ Image imageValues }
	MongoDB struct{ Image imageValues } `yaml:"mongodb"`
}

type imageValues struct{ Registry, Repository, Tag string }

func (v imageValues) String() string { return v.Registry + "/" + v.Repository }

var (
	imageBlock      = regexp.MustCompile(`(?m)^image:\n(?: .*\n|\n)+`)
	registryLine    = regexp.MustCompile(`(?m)^  registry: .*$`)
	repositoryLine  = regexp.MustCompile(`(?m)^  repository: .*$`)
	errNoImageBlock = errors.New("there must be one block image with registry and repository")
)

// replaceImage names the published image in the block "image" of a values file, and keeps the comments.
func replaceImage(text []byte, repository name.Repository) ([]byte, error) {
	blocks := imageBlock.FindAllIndex(text, -1)
	if len(blocks) != 1 {
		return nil, errNoImageBlock
	}
	start, end := blocks[0][0], blocks[0][1]
	block := text[start:end]
	if len(registryLine.FindAll(block, -1)) != 1 || len(repositoryLine.FindAll(block, -1)) != 1 {
		return nil, errNoImageBlock
	}
	block = registryLine.ReplaceAll(block, []byte("  registry: "+repository.RegistryStr()))
	block = repositoryLine.ReplaceAll(block, []byte("  repository: "+repository.RepositoryStr()))
	return append(append(append([]byte{}, text[:start]...), block...), text[end:]...), nil
}

// annotateChart adds the annotations of a release to Chart.yaml.
func annotateChart(text []byte, changelog string, values valuesFile, digest string) ([]byte, error) {
	var chart struct {
		AppVersion  string `yaml:"appVersion"`
		Annotations map[string]string
	}
	if err := yaml.Unmarshal(text, &chart); err != nil {
		return nil, err
	}
	if len(chart.Annotations) == 0 {
		return nil, errors.New("there are no annotations")
	}
	images, err := yaml.Marshal([]map[string]any{
		{
			"name": "trackmydegree", "image": values.Image.String() + ":" + chart.AppVersion + "@" + digest,
			"platforms": []string{"linux/amd64", "linux/arm64"},
		},
		{"name": "redis", "image": values.Redis.Image.String() + ":" + values.Redis.Image.Tag},
		{"name": "mongodb", "image": values.MongoDB.Image.String() + ":" + values.MongoDB.Image.Tag},
	})
	if err != nil {
		return nil, err
	}
	changes, err := yaml.Marshal(listChanges(changelog, chart.AppVersion))
	if err != nil {
		return nil, err
	}
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		return nil, err
	}
	annotations := findKey(document.Content[0], "annotations")
	for _, pair := range [][2]string{
		{digestAnnotation, digest}, {"artifacthub.io/images", string(images)}, {"artifacthub.io/changes", string(changes)},
	} {
		annotations.Content = append(annotations.Content,
			&yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: pair[0]}, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: pair[1]})
	}
	return yaml.Marshal(&document)
}

// findKey returns the value of a key of a mapping that has it.
func findKey(mapping *yaml.Node, key string) *yaml.Node {
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == key {
			return mapping.Content[i+1]
		}
	}
	return &yaml.Node{}
}

// change is an entry of Artifact Hub's list of changes.
type change struct {
	Kind        string `yaml:"kind"`
	Description string `yaml:"description"`
}

// listChanges returns the entries of a version in a changelog, or those that are not released yet when it has no such
// version. The kinds of Keep a Changelog are those of Artifact Hub.
func listChanges(changelog, version string) []change {
	section := cutSection(changelog, version)
	if section == "" {
		section = cutSection(changelog, "Unreleased")
	}
	changes, kind := []change{}, "changed"
	for line := range strings.SplitSeq(section, "\n") {
		switch {
		case strings.HasPrefix(line, "### "):
			kind = strings.ToLower(strings.TrimSpace(line[4:]))
		case strings.HasPrefix(line, "- "):
			changes = append(changes, change{Kind: kind, Description: strings.TrimSpace(line[2:])})
		case strings.HasPrefix(line, "  ") && len(changes) > 0:
			changes[len(changes)-1].Description += " " + strings.TrimSpace(line)
		}
	}
	return changes
}

// cutSection returns the lines below the heading of a version.
func cutSection(changelog, version string) string {
	_, section, ok := strings.Cut("\n"+changelog, "\n## ["+version+"]")
	if !ok {
		return ""
	}
	section, _, _ = strings.Cut(section, "\n## [")
	section, _, _ = strings.Cut(section, "\n[")
	return section
}
