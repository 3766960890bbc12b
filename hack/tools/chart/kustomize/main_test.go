package main

import (
	"reflect"
	"testing"
)

func TestOverlaysBuildWhatIsRendered(t *testing.T) {
	t.Parallel()
	base, err := parse([]byte(`
apiVersion: v1
kind: ConfigMap
metadata: {name: trackmydegree-a, annotations: {helm.sh/hook: test, keep: "1", a/b: "1"}}
data: {same: "1", other: "1", gone: "1"}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: trackmydegree-gone}
`))
	if err != nil {
		t.Fatal(err)
	}
	overlay, err := parse([]byte(`
apiVersion: v1
kind: ConfigMap
metadata: {name: trackmydegree-a, annotations: {keep: "1"}}
data: {same: "1", other: "2", new: "1"}
---
apiVersion: v1
kind: Secret
metadata: {name: trackmydegree}
`))
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	if err := writeBase(folder+"/base", base); err != nil {
		t.Fatal(err)
	}
	if err := writeOverlay(folder+"/overlays/x", base, overlay); err != nil {
		t.Fatal(err)
	}
	if err := verify(folder+"/base", base); err != nil {
		t.Error(err)
	}
	if err := verify(folder+"/overlays/x", overlay); err != nil {
		t.Error(err)
	}
	if err := verify(folder+"/overlays/x", base); err == nil {
		t.Error("an overlay is taken for its base")
	}
}

func TestDifference(t *testing.T) {
	t.Parallel()
	got := difference("", object{"a": []any{"1", "2"}, "b": []any{"1"}, "c": "x"}, object{"a": []any{"1", "3"}, "b": []any{}, "d/e": "y"})
	want := []object{
		{"op": "replace", "path": "/a/1", "value": "3"},
		{"op": "replace", "path": "/b", "value": []any{}},
		{"op": "remove", "path": "/c"},
		{"op": "add", "path": "/d~1e", "value": "y"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%v", got)
	}
}
