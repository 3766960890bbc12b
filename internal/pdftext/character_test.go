package pdftext

import "testing"

func TestVisibleCharacter(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name      string
		got, want rune
	}{
		{"a soft hyphen", visibleCharacter(softHyphen), '-'},
		{"a letter", visibleCharacter('A'), 'A'},
		{"a hyphen at the end of a run", visibleCharacter(lineHyphen), '-'},
		{"a control character", visibleCharacter(0x07), -1},
		{"a format character", visibleCharacter(0x200B), -1},
		{"half of a surrogate pair", visibleCharacter(0xD800), '\uFFFD'},
		{"f with its bytes swapped", visibleCharacter(0x6600), 'f'},
		{"i with its bytes swapped", visibleCharacter(0x6900), 'i'},
		{"an accented letter", visibleCharacter('É'), 'É'},
		{"a letter of another block", visibleCharacter(0x0100), 0x0100},
	} {
		if c.got != c.want {
			t.Errorf("%s: got %U, want %U", c.name, c.got, c.want)
		}
	}
}
