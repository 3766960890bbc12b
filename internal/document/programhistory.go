package document

import (
	"slices"
	"strings"
)

// programHistory is the blocks of a program history, in order of time. A block that prints no degree continues that
// of the block before.
type programHistory []programBlock

type programBlock struct {
	degree string
	admit  *string
}

func (h *programHistory) beginBlock() { *h = append(*h, programBlock{}) }

// lastBlock returns the block that is being read.
func (h *programHistory) lastBlock() *programBlock {
	if len(*h) == 0 {
		h.beginBlock()
	}
	return &(*h)[len(*h)-1]
}

// setDegree takes the degree of a block over. Joining or leaving co-op is no other program.
func (h *programHistory) setDegree(degree string) {
	lower := strings.ToLower(degree)
	h.lastBlock().degree = strings.Join(strings.Fields(strings.ReplaceAll(lower, coopDegree, "")), " ")
}

func (h *programHistory) addAdmitTerm(t *string) {
	if b := h.lastBlock(); b.admit == nil {
		b.admit = t
	}
}

// presentAdmitTerm returns the first admit term of the blocks at the end that are of one degree, nil for none.
func (h programHistory) presentAdmitTerm() *string {
	degree := ""
	var admit *string
	for _, b := range slices.Backward(h) {
		if degree == "" {
			degree = b.degree
		}
		if b.degree != "" && b.degree != degree {
			break
		}
		if b.admit != nil {
			admit = b.admit
		}
	}
	return admit
}
