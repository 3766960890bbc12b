package main

import (
	"encoding/json"
	"reflect"
	"testing"
)

func TestSchema(t *testing.T) {
	t.Parallel()
	schema, faults := schemaOf([]byte(`
# A section.

# @schema {minimum: 1}
# -- How many.
count: 2
# What is inside.
inner:
  # -- A name.
  name: ""
  # @schema {type: [integer, "null"]}
  # -- Nothing yet.
  nothing: null
# -- Any keys.
free: {}
# @schema {additionalProperties: {type: string}}
# -- Some, and more.
some: {a: b}
`))
	if faults != nil {
		t.Fatal(faults)
	}
	got, err := json.Marshal(schema)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"$schema":"http://json-schema.org/draft-07/schema#","type":"object","additionalProperties":false,"properties":{
		"count":{"type":"integer","minimum":1,"description":"How many."},
		"inner":{"type":"object","additionalProperties":false,"properties":{
			"name":{"type":"string","description":"A name."},
			"nothing":{"type":["integer","null"],"description":"Nothing yet."}}},
		"free":{"type":"object","description":"Any keys."},
		"some":{"type":"object","additionalProperties":{"type":"string"},"description":"Some, and more."}}}`
	var g, w any
	if json.Unmarshal(got, &g) != nil || json.Unmarshal([]byte(want), &w) != nil || !reflect.DeepEqual(g, w) {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	_, faults := schemaOf([]byte("bare: 1\n# -- Said.\nempty: null\n# @schema {minimum\n# -- Said.\nbroken: 1\n# -- Said.\n# @schema {minimum: 1}\nlate: 1\n"))
	if len(faults) != 4 {
		t.Errorf("%d faults: %q", len(faults), faults)
	}
}
