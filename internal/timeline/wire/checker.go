package wire

import (
	"strconv"
	"unicode/utf8"

	"github.com/trackmydegree/trackmydegree/internal/timeline/fieldfault"
)

// checker checks values that were read and gathers their faults.
type checker struct{ fieldfault.List }

// checkText checks that a text is not too long, in characters.
func (c *checker) checkText(path, s string, most int) bool {
	if len(s) > most && utf8.RuneCountInString(s) > most {
		c.AddFault(path, "At most "+strconv.Itoa(most)+" characters.")
		return false
	}
	return true
}
