package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/parser"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// readDockerfile returns the configuration that the last stage of a Dockerfile sets: environment, user, entrypoint and
// labels. The variables in it are the arguments.
func readDockerfile(file string, args map[string]string) (v1.Config, error) {
	in, err := os.Open(file)
	if err != nil {
		return v1.Config{}, err
	}
	defer in.Close()
	parsed, err := parser.Parse(in)
	if err != nil {
		return v1.Config{}, err
	}
	var config v1.Config
	for _, node := range parsed.AST.Children {
		switch strings.ToLower(node.Value) {
		case "from":
			config = v1.Config{Labels: map[string]string{}}
		case "env", "label":
			err = addPairs(&config, node, args)
		case "user":
			config.User = node.Next.Value
		case "entrypoint":
			if !node.Attributes["json"] {
				return v1.Config{}, fmt.Errorf("%s:%d: ENTRYPOINT needs a shell, and the image has none", file, node.StartLine)
			}
			for n := node.Next; n != nil; n = n.Next {
				config.Entrypoint = append(config.Entrypoint, n.Value)
			}
		case "arg", "workdir", "run", "copy":
		default:
			err = fmt.Errorf("%s:%d: this tool does not know %s", file, node.StartLine, node.Value)
		}
		if err != nil {
			return v1.Config{}, err
		}
	}
	return config, nil
}

// addPairs adds the pairs of an ENV or LABEL. The parser keeps each as three nodes: name, value, and the sign between
// them.
func addPairs(config *v1.Config, node *parser.Node, args map[string]string) error {
	for n := node.Next; n != nil && n.Next != nil && n.Next.Next != nil; n = n.Next.Next.Next {
		var missing error
		value := os.Expand(unquoteWord(n.Next.Value), func(name string) string {
			arg, ok := args[name]
			if !ok {
				missing = fmt.Errorf("line %d: there is no argument %s", node.StartLine, name)
			}
			return arg
		})
		if missing != nil {
			return missing
		}
		if strings.EqualFold(node.Value, "env") {
			config.Env = append(config.Env, n.Value+"="+value)
		} else {
			config.Labels[n.Value] = value
		}
	}
	return nil
}

// unquoteWord returns a word without its double quotes.
func unquoteWord(word string) string {
	var text string
	if json.Unmarshal([]byte(word), &text) == nil {
		return text
	}
	return word
}
