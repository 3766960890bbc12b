package s3store_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/s3store"
	"github.com/trackmydegree/trackmydegree/internal/storetest"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

// writeTo names the variable that makes this test program a process that saves uploads until it is killed.
const writeTo = "TEST_WRITE_TO"

// crashSize takes two parts, so that some kills happen between them.
const crashSize = s3store.PartSize + 2*mib

func saveUntilKilled(endpoint string) {
	s, err := s3store.New(context.Background(), config(endpoint))
	if err != nil {
		fmt.Println(err)
		return
	}
	storetest.SaveUntilKilled(s, crashSize)
}

// A writer is killed during its work: every visible document is complete and has its ticket, and each acknowledged
// upload is there. The rest are tickets without documents and multipart uploads, which can be deleted.
func TestAKilledWriterLeavesNoHalfDocument(t *testing.T) {
	t.Parallel()
	server := testenv.StartS3(t, name)
	acknowledged := storetest.KillWriter(t, writeTo+"="+server.URL(), 6)

	s := open(t, config(server.URL()))
	halves := 0
	for _, l := range list(t, s) {
		switch {
		case l.Temporary != "":
			halves++
			if err := s.DeleteTemporary(t.Context(), l); err != nil {
				t.Error(err)
			}
			continue
		case l.Document:
			if got, err := read(t, s, l.ID); err != nil || len(got) != crashSize {
				t.Errorf("a document of %d bytes: %v", len(got), err)
			}
			if _, err := s.LoadTicket(t.Context(), l.ID); err != nil {
				t.Errorf("a document without its ticket: %v", err)
			}
			delete(acknowledged, l.ID)
		}
		if err := s.Delete(t.Context(), l.ID); err != nil {
			t.Error(err)
		}
	}
	if len(acknowledged) != 0 {
		t.Errorf("acknowledged and lost: %v", acknowledged)
	}
	t.Logf("%d uploads in parts were left", halves)
	if left := list(t, s); len(left) != 0 {
		t.Errorf("left behind: %+v", left)
	}
}
