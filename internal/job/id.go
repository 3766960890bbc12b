package job

import "errors"

// ID names a job: a random UUID in its canonical form. It is also the name of the upload and the id of the queue's
// task.
type ID string

// ErrID means that a text is not the id of a job.
var ErrID = errors.New("job: not an id")

// idLength is the length of a UUID in its canonical form, in bytes.
const idLength = 36

// ParseID returns s as an id. ErrID for anything but a UUID in its canonical form: lower-case hexadecimal digits in
// groups of 8, 4, 4, 4 and 12. The error does not repeat s, which may come from outside.
func ParseID(s string) (ID, error) {
	if len(s) != idLength {
		return "", ErrID
	}
	for i := range len(s) {
		switch c := s[i]; {
		case i == 8 || i == 13 || i == 18 || i == 23:
			if c != '-' {
				return "", ErrID
			}
		case (c < '0' || c > '9') && (c < 'a' || c > 'f'):
			return "", ErrID
		}
	}
	return ID(s), nil
}
