package job

import "slices"

// Event is an event of a job's life.
type Event string

// The events.
const (
	Accept    Event = "accept"     // document, record and task are stored: 202
	Begin     Event = "begin"      // a worker takes the job
	Finish    Event = "finish"     // the result is stored
	Retry     Event = "retry"      // a transient fault, attempts left
	Postpone  Event = "postpone"   // a part that the work depends on is unavailable
	Fail      Event = "fail"       // a permanent fault, the last attempt, or too many workers lost
	Interrupt Event = "interrupt"  // the worker is stopped
	Lose      Event = "lose"       // the worker is dead, or disconnected
	Edit      Event = "edit"       // the result is changed
	Delete    Event = "delete"     // the record is deleted
	Expire    Event = "expire"     // the record expires, ResultTTL after its last write
	Answer    Event = "answer"     // the owner of a failed job chooses a degree; it starts again from its facts
	RetryDead Event = "retry-dead" // a dead job starts again; the rest of its record is deleted
)

// Actor causes an event.
type Actor string

// The actors.
const (
	API     Actor = "api"     // for the job's owner; an operator may delete as well
	Worker  Actor = "worker"  // the one that holds the newest fence
	Rescuer Actor = "rescuer" // any worker, for one that is dead; it moves the task and does not change the record
	// Repairer is the repair, in any API or worker: it restores a record without its task or its document.
	Repairer Actor = "repairer"
	Redis    Actor = "redis" // by expiry
	// Operator is a person with the operator's role.
	Operator Actor = "operator"
)

// None is the state of a job before its life and after it: there is no record.
const None State = ""

// Move is one row of a job's life.
type Move struct {
	From  State
	Event Event
	To    State
	By    Actor
	// Counts says that the event uses up an attempt: the next run has the next number.
	Counts bool
}

// life is the complete table. Any other transition is illegal: the scripts of the job store are generated from this
// table and refuse it.
var life = []Move{
	{None, Accept, Queued, API, false},
	{None, RetryDead, Queued, Operator, false},
	{None, Answer, Queued, API, false}, // as RetryDead: what the record said of its earlier life is deleted

	{Queued, Begin, Processing, Worker, false},
	{Retrying, Begin, Processing, Worker, false},
	{Processing, Begin, Processing, Worker, false}, // after its worker was lost

	{Processing, Finish, Done, Worker, false},
	{Processing, Retry, Retrying, Worker, true},
	{Processing, Postpone, Retrying, Worker, false},
	{Processing, Fail, Failed, Worker, true},
	{Processing, Interrupt, Queued, Worker, false},
	{Processing, Lose, Processing, Rescuer, false},

	// The document is missing, and no worker runs the job.
	{Queued, Fail, Failed, Repairer, false},
	{Processing, Fail, Failed, Repairer, false},
	{Retrying, Fail, Failed, Repairer, false},

	{Done, Edit, Done, API, false},

	{Queued, Delete, None, API, false},
	{Processing, Delete, None, API, false},
	{Retrying, Delete, None, API, false},
	{Done, Delete, None, API, false},
	{Failed, Delete, None, API, false},

	{Queued, Expire, None, Redis, false},
	{Processing, Expire, None, Redis, false},
	{Retrying, Expire, None, Redis, false},
	{Done, Expire, None, Redis, false},
	{Failed, Expire, None, Redis, false},
}

// LifeTable returns the table of a job's life.
func LifeTable() []Move { return slices.Clone(life) }
