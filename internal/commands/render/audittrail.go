package render

import (
	"fmt"
	"io"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/admin"
)

// WriteAuditTrail writes what operators did.
func WriteAuditTrail(w io.Writer, entries []admin.AuditEntry) error {
	if len(entries) == 0 {
		_, err := fmt.Fprintln(w, "no operator has changed anything")
		return err
	}
	t := newTable(w)
	fmt.Fprintln(t, "AT\tOPERATOR\tACTION\tRESULT\tCHANGED\tREFUSED\tTARGET")
	for _, e := range entries {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%d\t%d\t%s\n", e.At.UTC().Format(time.RFC3339), orDash(e.Operator), e.Action, e.Result, e.Changed, e.Refused, orDash(e.Target))
	}
	return t.Flush()
}
