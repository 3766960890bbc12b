package queuemodel

import "github.com/trackmydegree/trackmydegree/internal/job"

// The keys in addition to asynq's own. Operators and the controller read them, so the names are a contract.
// lua/names.lua repeats those that scripts need.
const (
	// WorkersKey is the set of the ids of workers.
	WorkersKey = "queue:workers"
	// HoldersKey is the hash from a task to the id of the worker that holds it.
	HoldersKey = "queue:holders"
	// WorkerPrefix begins the key of a worker, before its id. The hash has the fields host, pid, started (Unix
	// milliseconds), draining (0 or 1), beat (the number of the last heartbeat) and TaskField plus a task's id for each
	// task that it runs.
	WorkerPrefix = "queue:worker:"
	// StartupsKey is the list of how long the last jobs waited for the start of a worker while there was none, in
	// milliseconds, the newest first.
	StartupsKey = "queue:startups"
	// TaskField begins the field of a task in a worker's hash. The value is the queue, a space, and the start of the
	// run in Unix milliseconds.
	TaskField = "task:"
	// CrashesField is a field that this project adds to asynq's hash of a task: the number of workers that were lost
	// with it.
	CrashesField = "tmd_crashes"
	// WaitingField is present in asynq's hash of a task that a worker holds without running it. The loss of that worker
	// is not counted against the task.
	WaitingField = "tmd_waiting"
	// WakeChannel carries a message without content when a task may have become pending. Idle workers subscribe to it.
	// Nothing depends on its delivery: a worker also polls the queues slowly.
	WakeChannel = "job:wake"
	// RecordPrefix begins the key of a job's record, and LifeSuffix ends the key of the list of the events of its life.
	// The list exists from the creation of the record on; queue and liveness add to one that exists.
	RecordPrefix = "job:timeline:"
	LifeSuffix   = ":life"
	// AsynqQueuesKey is asynq's set of the names of the queues. asynq's tools do not see a queue that is missing from
	// it.
	AsynqQueuesKey = "asynq:queues"
)

// LifeKey returns the key of the list of the events of a job's life; see EncodeLifeEvent.
func LifeKey(id job.ID) string { return RecordPrefix + string(id) + LifeSuffix }

// QueueKey returns asynq's key of a part of a queue, such as "pending" (list), "active" (list), "retry", "scheduled",
// "archived" and "lease" (sorted sets).
func QueueKey(queue, part string) string { return "asynq:{" + queue + "}:" + part }

// TaskKey returns the key of asynq's hash of a task. It exists while the task is in any state, and its field state
// names that state: one of asynq's scripts changes both.
func TaskKey(queue string, id job.ID) string { return QueueKey(queue, "t:"+string(id)) }

// QueuePrefixes returns the beginning of the keys of each queue, as arguments of a script.
func QueuePrefixes() []any {
	names := QueueNames()
	prefixes := make([]any, len(names))
	for i, name := range names {
		prefixes[i] = QueueKey(name, "")
	}
	return prefixes
}
