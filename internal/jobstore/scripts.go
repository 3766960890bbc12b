package jobstore

import (
	_ "embed"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/queuemodel"
)

const (
	// openIndex is the sorted set of the jobs that are not final.
	openIndex = recordPrefix + "open"
	// resultsIndex is the sorted set of the jobs that are done, by the time of the last change of their results. Those
	// that have expired are removed with the next result.
	resultsIndex = "job:results"
	// eventsChannel carries "<id> <record>" for each change and "<id> " for a deletion. Channels of Redis are not
	// part of a database. Ids are random, so another user of the channel does no harm.
	eventsChannel = recordPrefix + "events"
)

// The scripts. Each file says what its KEYS and ARGV are. The scripts on a job begin with the same ones:
//
//	KEYS  1 the record · 2 the result · 3 its slim view · 4 the name of the claim that led to the job
//	ARGV  1 the job's id · 2 now, in Unix milliseconds · 3 the time to live, in milliseconds
//
// A script that is run again, because its answer was lost, changes nothing more and returns the same.
var (
	//go:embed lua/names.lua
	namesLua string
	//go:embed lua/prelude.lua
	preludeLua string

	//go:embed lua/load.lua
	loadLua string
	//go:embed lua/create_record.lua
	createRecordLua string
	//go:embed lua/count_open.lua
	countOpenLua string
	//go:embed lua/withdraw_job.lua
	withdrawJobLua string
	//go:embed lua/begin_attempt.lua
	beginAttemptLua string
	//go:embed lua/change_state.lua
	changeStateLua string
	//go:embed lua/replace_result.lua
	replaceResultLua string
	//go:embed lua/delete_job.lua
	deleteJobLua string
	//go:embed lua/delete_from_indexes.lua
	deleteFromIndexesLua string
	//go:embed lua/retry_dead.lua
	retryDeadLua string
	//go:embed lua/answer_job.lua
	answerJobLua string
	//go:embed lua/transfer_job.lua
	transferJobLua string
	//go:embed lua/claim_key.lua
	claimKeyLua string
	//go:embed lua/release_key.lua
	releaseKeyLua string
	//go:embed lua/acquire_lease.lua
	acquireLeaseLua string
	//go:embed lua/release_lease.lua
	releaseLeaseLua string

	loadScript              = recordScript(loadLua)
	createRecordScript      = recordScript(createRecordLua)
	countOpenScript         = recordScript(countOpenLua)
	withdrawJobScript       = recordScript(withdrawJobLua)
	beginAttemptScript      = recordScript(beginAttemptLua)
	changeStateScript       = recordScript(changeStateLua)
	replaceResultScript     = recordScript(replaceResultLua)
	deleteJobScript         = recordScript(deleteJobLua)
	deleteFromIndexesScript = recordScript(deleteFromIndexesLua)
	retryDeadScript         = recordScript(retryDeadLua)
	answerJobScript         = recordScript(answerJobLua)
	transferJobScript       = recordScript(transferJobLua)

	claimKeyScript     = redis.NewScript(queuemodel.NamesLua + namesLua + claimKeyLua)
	releaseKeyScript   = redis.NewScript(releaseKeyLua)
	acquireLeaseScript = redis.NewScript(acquireLeaseLua)
	releaseLeaseScript = redis.NewScript(releaseLeaseLua)
)

// recordScript returns a script with the tables of Go and the functions of prelude.lua before it.
func recordScript(body string) *redis.Script {
	return redis.NewScript(queuemodel.NamesLua + queuemodel.RecordLifeLua + namesLua + movesLua() + fieldsLua() + timesLua() + preludeLua + body)
}

// movesLua declares MOVES, the states that may follow each state, from the table of package job.
func movesLua() string {
	var b strings.Builder
	b.WriteString("local MOVES = {")
	for _, from := range job.AllStates() {
		b.WriteString(string(from) + "={")
		for _, to := range job.AllStates() {
			if from.CanBecome(to) {
				b.WriteString(string(to) + "=true,")
			}
		}
		b.WriteString("},")
	}
	b.WriteString("}\n")
	return b.String()
}

// fieldsLua declares RECORD_FIELDS, the fields of a record in the order of decodeRecord.
func fieldsLua() string {
	return "local RECORD_FIELDS = {'" + strings.Join(recordFields, "','") + "'}\n"
}

// timesLua declares DEAD_TTL, how long a failed job is kept for operators, in milliseconds.
func timesLua() string {
	return "local DEAD_TTL = " + strconv.FormatInt(job.DeadTTL.Milliseconds(), 10) + "\n"
}
