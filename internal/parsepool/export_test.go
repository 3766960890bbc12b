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
		c := diagnose(stderr, int64(len(stderr)))
		return c.kind, c.at
	}
	ParseStat = func(s string) (resident, addresses int64, cpu float64, err error) {
		u, err := parseStat(s)
		return u.resident, u.addresses, u.cpu.Seconds(), err
	}
	MaxAnswer = maxAnswer
)
