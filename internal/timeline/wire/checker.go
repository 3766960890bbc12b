package wire

import (
	"strconv"
	"unicode/utf8"

	"github.com/trackmydegree/trackmydegree/internal/timeline/fieldfault"
)

// checker validates decoded values and collects their faults.
type checker struct{ fieldfault.List }

// checkText checks the length of a text, in characters.
func (c *checker) checkText(path, s string, most int) bool {
	if len(s) > most && utf8.RuneCountInString(s) > most {
		c.AddFault(path, "At most "+strconv.Itoa(most)+" characters.")
		return false
	}
	return true
}
