package timeline

import (
	"context"
	"time"
)

// AddGraduation fills in when the degree of a result can be complete at the earliest, as seen at now. It takes longer
// than the rest of a build, so it is a step of its own. The errors are those of FromSaved.
func (b *Builder) AddGraduation(ctx context.Context, r *Result, now time.Time) error {
	s, err := b.NewAuditSubject(r.ToSaved(), now)
	if err != nil {
		return err
	}
	r.Graduation = s.Program.Graduate(ctx, s.Record)
	return nil
}
