package parsepool

// Idle is how many children wait for a document.
func (p *Pool) Idle() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.idle)
}

var (
	ReadFrame    = readFrame
	WriteFrame   = writeFrame
	DecodeAnswer = decodeAnswer
	EncodeAnswer = encodeAnswer
	Diagnose     = func(stderr []byte) (kind string, at []string) {
		c := diagnoseCrash(stderr, int64(len(stderr)))
		return c.kind, c.at
	}
	MaxAnswer = maxAnswer
)
