package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const isc = `Permission to use, copy, modify, and/or distribute this software for any purpose with or without fee is hereby granted,
provided that the above copyright notice and this permission notice appear in all copies.

THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES WITH REGARD TO THIS SOFTWARE INCLUDING ALL IMPLIED
WARRANTIES OF MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR ANY SPECIAL, DIRECT, INDIRECT, OR
CONSEQUENTIAL DAMAGES OR ANY DAMAGES WHATSOEVER RESULTING FROM LOSS OF USE, DATA OR PROFITS, WHETHER IN AN ACTION OF
CONTRACT, NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING OUT OF OR IN CONNECTION WITH THE USE OR PERFORMANCE OF THIS SOFTWARE.
`

const gpl = `This program is free software: you can redistribute it and/or modify it under the terms of the GNU General Public License
as published by the Free Software Foundation, either version 3 of the License, or (at your option) any later version.

This program is distributed in the hope that it will be useful, but WITHOUT ANY WARRANTY; without even the implied warranty of
MERCHANTABILITY or FITNESS FOR A PARTICULAR PURPOSE. See the GNU General Public License for more details.
`

func TestLicences(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		files map[string]string
		want  string // of the first fault; empty: none
	}{
		{"one that is taken", map[string]string{"LICENSE": "Copyright 2026 Somebody\n\n" + isc}, ""},
		{"another spelling", map[string]string{"licence.md": isc}, ""},
		{"none", map[string]string{"README.md": isc}, "no licence that is known"},
		{"one that is not taken", map[string]string{"COPYING": gpl}, "is not among the licences that are taken"},
		{"two of which one is not taken", map[string]string{"LICENSE": isc, "LICENSE.other": gpl}, "is not among"},
		{"another one for its pages", map[string]string{"LICENSE": isc, "LICENSE.docs": gpl}, ""},
		{"terms of its own", map[string]string{"LICENSE": strings.Repeat("You may look at this on Tuesdays.\n", 50)}, "only 0 %"},
		{"terms of its own behind one that is taken", map[string]string{"LICENSE": isc + strings.Repeat("But not on Tuesdays.\n", 200)}, "only"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			for name, text := range tt.files {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			m := &module{path: "example.org/m", licences: map[string]bool{}}
			if err := m.read(dir); err != nil {
				t.Fatal(err)
			}
			got := m.judge()
			if tt.want == "" && len(got) > 0 || tt.want != "" && !slices.ContainsFunc(got, func(f string) bool { return strings.Contains(f, tt.want) }) {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}
