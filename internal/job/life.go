package job

import "slices"

// Event is what moves a job on.
type Event string

// The events.
const (
	Accept    Event = "accept"    // document, record and task are there: 202
	Begin     Event = "begin"     // a worker takes the job
	Finish    Event = "finish"    // the result is stored
	Retry     Event = "retry"     // a transient fault, attempts left
	Postpone  Event = "postpone"  // a part that the work leans on is away
	Fail      Event = "fail"      // a permanent fault, the last attempt, or too many workers lost
	Interrupt Event = "interrupt" // the worker is told to stop
	Lose      Event = "lose"      // the worker is gone, or cut off
	Edit      Event = "edit"      // the result is changed
	Delete    Event = "delete"    // the record goes
	Expire    Event = "expire"    // the record goes, ResultTTL after its last write
	Revive    Event = "revive"    // a dead job begins anew; what is left of its record goes
)

// Actor is who may cause an event.
type Actor string

// The actors.
const (
	API    Actor = "api"    // for the job's owner; an operator may delete as well
	Worker Actor = "worker" // the one that holds the newest fence
	Reaper Actor = "reaper" // any worker, for one that is gone; it moves the task and leaves the record as it is
	// Sweeper is any worker, for what has come apart: a record without its task or its document.
	Sweeper Actor = "sweeper"
	Redis   Actor = "redis" // by time
	// Operator is a person with the right to.
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

// life is the whole of it. What is not here does not happen: the scripts of the job records are made from this table
// and refuse every other move.
var life = []Move{
	{None, Accept, Queued, API, false},
	{None, Revive, Queued, Operator, false},

	{Queued, Begin, Processing, Worker, false},
	{Retrying, Begin, Processing, Worker, false},
	{Processing, Begin, Processing, Worker, false}, // after its worker was lost

	{Processing, Finish, Done, Worker, false},
	{Processing, Retry, Retrying, Worker, true},
	{Processing, Postpone, Retrying, Worker, false},
	{Processing, Fail, Failed, Worker, true},
	{Processing, Interrupt, Queued, Worker, false},
	{Processing, Lose, Processing, Reaper, false},

	// The document is gone, and nobody is at work on it.
	{Queued, Fail, Failed, Sweeper, false},
	{Processing, Fail, Failed, Sweeper, false},
	{Retrying, Fail, Failed, Sweeper, false},

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
