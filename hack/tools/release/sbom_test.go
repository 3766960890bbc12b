package main

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	spdxjson "github.com/spdx/tools-golang/json"
)

// TestDescribePrograms describes this test's own program, in which the modules of go.mod are linked.
func TestDescribePrograms(t *testing.T) {
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	document, err := describePrograms("product", "1.2.3", revisionTime, []string{program})
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(document)
	if err != nil {
		t.Fatal(err)
	}
	read, err := spdxjson.Read(bytes.NewReader(text))
	if err != nil {
		t.Fatalf("the document is not SPDX: %v", err)
	}
	ids, found := map[string]bool{}, false
	for _, p := range read.Packages {
		id := string(p.PackageSPDXIdentifier)
		if ids[id] {
			t.Errorf("%s stands twice in the document", id)
		}
		ids[id] = true
		for _, reference := range p.PackageExternalReferences {
			found = found || strings.HasPrefix(reference.Locator, "pkg:golang/github.com/spdx/tools-golang@v")
		}
	}
	if !found {
		t.Error("the document does not name github.com/spdx/tools-golang, which this program contains")
	}
	for _, relation := range read.Relationships {
		if to := string(relation.RefB.ElementRefID); !ids[to] {
			t.Errorf("%s %s %s: there is no such package", relation.RefA.ElementRefID, relation.Relationship, to)
		}
	}
	if read.CreationInfo.Created != "2026-11-24T01:31:05Z" {
		t.Errorf("created is %s, want the time of the revision", read.CreationInfo.Created)
	}
}

func TestDescribeProgramsRefusesOtherFiles(t *testing.T) {
	if _, err := describePrograms("product", "1.2.3", revisionTime, []string{"sbom.go"}); err == nil {
		t.Error("a text was described as a program")
	}
}
