// Command values writes the JSON schema of a chart's values from values.yaml.
//
//	values CHART > CHART/values.schema.json
//
// The default determines the type of a value; a comment line "# @schema {enum: [a, b]}" above it, a JSON schema in
// YAML's flow form, extends or replaces that. "# -- text" is the description, as for helm-docs. Objects refuse keys
// that values.yaml does not have, so that a typo fails the install; an empty object accepts any keys. A value without
// a description is a fault: all faults are reported at once.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v3"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: values CHART")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "values:", err)
		os.Exit(1)
	}
}

func run(chart string) error {
	text, err := os.ReadFile(filepath.Join(chart, "values.yaml"))
	if err != nil {
		return err
	}
	schema, faults := schemaOf(text)
	if len(faults) > 0 {
		return fmt.Errorf("values.yaml:\n  %s", strings.Join(faults, "\n  "))
	}
	out := json.NewEncoder(os.Stdout)
	out.SetEscapeHTML(false)
	out.SetIndent("", "  ")
	return out.Encode(schema)
}

// schemaOf returns the schema of a values file, and all faults of the file.
func schemaOf(text []byte) (map[string]any, []string) {
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		return nil, []string{err.Error()}
	}
	if len(document.Content) != 1 || document.Content[0].Kind != yaml.MappingNode {
		return nil, []string{"is not a mapping"}
	}
	var r reader
	schema := r.object("", document.Content[0])
	schema["$schema"] = "http://json-schema.org/draft-07/schema#"
	return schema, r.faults
}

type reader struct{ faults []string }

func (r *reader) fault(path, format string, args ...any) {
	r.faults = append(r.faults, path+": "+fmt.Sprintf(format, args...))
}

// object describes a mapping: its keys and no others.
func (r *reader) object(path string, node *yaml.Node) map[string]any {
	properties := map[string]any{}
	for i := 0; i < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		properties[key.Value] = r.value(strings.TrimPrefix(path+"."+key.Value, "."), key.HeadComment, value)
	}
	return map[string]any{"type": "object", "additionalProperties": false, "properties": properties}
}

func (r *reader) value(path, comment string, node *yaml.Node) map[string]any {
	description, given := r.comment(path, comment)
	inner := node.Kind == yaml.MappingNode && len(node.Content) > 0 && given["additionalProperties"] == nil
	if description == "" && !inner {
		r.fault(path, `has no description: write "# -- …" above it`)
	}
	schema := map[string]any{}
	switch {
	case inner, node.Kind == yaml.MappingNode && path == "global":
		schema = r.object(path, node)
	case node.Kind == yaml.MappingNode:
		schema["type"] = "object"
	case node.Kind == yaml.SequenceNode:
		schema["type"] = "array"
	case node.Tag == "!!null" && given["type"] == nil:
		r.fault(path, `is null, which says nothing of its type: write "# @schema {type: …}" above it`)
	default:
		schema["type"] = map[string]string{"!!str": "string", "!!int": "integer", "!!float": "number", "!!bool": "boolean", "!!null": "null"}[node.Tag]
	}
	if description != "" {
		schema["description"] = description
	}
	for key, v := range given {
		schema[key] = v
	}
	return schema
}

// comment extracts the description and the schema from the comment above a key.
func (r *reader) comment(path, comment string) (description string, given map[string]any) {
	// A blank line ends the comment of a section; the comment of the key comes last.
	if i := strings.LastIndex(comment, "\n\n"); i >= 0 {
		comment = comment[i+2:]
	}
	var words []string
	for line := range strings.Lines(comment) {
		line = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(line), "#"))
		switch text, ok := strings.CutPrefix(line, "@schema "); {
		case ok && len(words) > 0:
			r.fault(path, "@schema stands below the description, which helm-docs would take it for: put it above")
		case ok:
			if err := yaml.Unmarshal([]byte(text), &given); err != nil {
				r.fault(path, "@schema: %v", err)
			}
		case strings.HasPrefix(line, "-- "):
			words = append(words, strings.TrimPrefix(line, "-- "))
		case len(words) > 0:
			words = append(words, line)
		}
	}
	return strings.Join(words, " "), given
}
