package wire

import (
	"strconv"

	"github.com/trackmydegree/trackmydegree/internal/timeline"
	"github.com/trackmydegree/trackmydegree/internal/timeline/fieldfault"
)

// changeField reads one change. Which fields an operation takes is checked where it is applied, so that all faults of a
// list are named in one answer.
func changeField(c *timeline.Change) field {
	return objectField(map[string]field{
		"op": textField(&c.Op), "term": textField(&c.Term), "after": textField(&c.After), "from": textField(&c.From),
		"to": textField(&c.To), "courses": textField(&c.Courses), "course": textField(&c.Course), "as": textField(&c.As),
		"pool": textField(&c.Pool), "code": textField(&c.Code), "reason": textField(&c.Reason),
	})
}

// checkChanges bounds the changes and their texts.
func (c *checker) checkChanges(changes []timeline.Change) {
	if len(changes) > maxChanges {
		c.AddFault("changes", "At most "+strconv.Itoa(maxChanges)+" changes.")
		return
	}
	for i := range changes {
		path := fieldfault.JoinPath("changes", i)
		c.checkText(fieldfault.JoinPath(path, "course"), changes[i].Course, maxText)
		c.checkText(fieldfault.JoinPath(path, "pool"), changes[i].Pool, maxPoolID)
		c.checkText(fieldfault.JoinPath(path, "reason"), changes[i].Reason, maxMessage)
	}
}
