package job

// State is the state of a job.
type State string

// The states. Done and Failed are final.
const (
	Queued     State = "queued"
	Processing State = "processing"
	Retrying   State = "retrying"
	Done       State = "done"
	Failed     State = "failed"
)

// states is fixed; States hands out copies.
var states = [...]State{Queued, Processing, Retrying, Done, Failed}

// AllStates returns every state in the order of a job's life.
func AllStates() []State { return append([]State(nil), states[:]...) }

// CanBecome reports whether a job in s may become next: whether some event of Life leads there.
func (s State) CanBecome(next State) bool {
	for _, m := range life {
		if m.From == s && m.To == next {
			return true
		}
	}
	return false
}

// IsFinal reports whether no further attempt may begin.
func (s State) IsFinal() bool { return s == Done || s == Failed }
