package catalogue

import (
	"embed"
	"encoding/json"
	"fmt"
)

//go:embed data/*.json
var files embed.FS

// Load returns the catalogue that is part of the binary.
func Load() (Data, error) {
	var d Data
	for _, f := range []struct {
		name string
		into any
	}{
		{"degrees", &d.Degrees}, {"pools", &d.Pools}, {"courses", &d.Courses}, {"sequences", &d.Sequences},
	} {
		b, err := files.ReadFile("data/" + f.name + ".json")
		if err != nil {
			return Data{}, fmt.Errorf("catalogue: %w", err)
		}
		if err := json.Unmarshal(b, f.into); err != nil {
			return Data{}, fmt.Errorf("catalogue: %s.json: %w", f.name, err)
		}
	}
	return d, nil
}
