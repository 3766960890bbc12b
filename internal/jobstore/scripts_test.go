package jobstore

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trackmydegree/trackmydegree/internal/job"
)

func TestLuaAndGoSpellNamesAlike(t *testing.T) {
	t.Parallel()
	for name, value := range map[string]string{
		"OPEN_INDEX": openIndex, "EVENTS_CHANNEL": eventsChannel,
		"DEAD_INDEX": deadIndex, "RESULTS_INDEX": resultsIndex, "DEAD_PREFIX": deadPrefix, "FACTS_SUFFIX": factsSuffix, "READING_SUFFIX": readingSuffix,
		"OPEN_PREFIX": openPrefix, "OWNED_PREFIX": ownedPrefix,
	} {
		if want := "local " + name + " = '" + value + "'\n"; !strings.Contains(namesLua, want) {
			t.Errorf("names.lua has no line %q", want)
		}
	}
}

// A record is written with the fields that are read, in any order.
func TestEncodedFieldsAreTheScannedOnes(t *testing.T) {
	t.Parallel()
	encoded, err := encodeRecord(job.Record{})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for i := 0; i < len(encoded); i += 2 {
		names = append(names, encoded[i].(string))
	}
	if diff := cmp.Diff(recordFields, names); diff != "" {
		t.Errorf("fields (-read +written):\n%s", diff)
	}
}
