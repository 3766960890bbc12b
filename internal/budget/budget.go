// Package budget holds the time limits whose order is a part of the design. A limit inside another one is shorter, so
// that the unavailable part is the one that reports the error, and the answer to a client still comes in time. The
// tests of this package hold the order.
package budget

import "time"

// Requests of the API.
const (
	// Unavailable is the time within which a client receives a 503 when a store, the queue or the storage does not
	// answer. Every limit of this group is below it.
	Unavailable = 2 * time.Second
	// Answer bounds an answer from the arrival of the request and its body.
	Answer = 1600 * time.Millisecond
	// AcceptStep bounds the part of a submission before the body, and again the part after it.
	AcceptStep = 1600 * time.Millisecond
	// AcceptUndo bounds the undoing of a submission that failed. It does not depend on the client, which may have
	// disconnected.
	AcceptUndo = 5 * time.Second
	// AcceptUndoUnreached replaces AcceptUndo when the queue is unavailable: the client waits for its 503, and a second
	// call would hardly be answered. AcceptStep and AcceptUndoUnreached together are below Unavailable.
	AcceptUndoUnreached = 300 * time.Millisecond
	// SaveUndo bounds the undoing of a saved timeline whose save failed. It does not depend on the client.
	SaveUndo = 5 * time.Second
	// BulkReserve is the part of Answer in which a bulk operation starts no further job, so that its report arrives.
	BulkReserve = 400 * time.Millisecond
)

// One call to a store, connecting and retrying included. Each ends before Answer does.
const (
	// RedisCall bounds a call to Redis.
	RedisCall = 1500 * time.Millisecond
	// RedisScrape bounds the calls to Redis of one scrape of metrics, below the 10 s of Prometheus.
	RedisScrape = time.Second
	// Enqueue bounds the enqueueing of a task, also with a client of Redis that has no limits of its own.
	Enqueue = 1900 * time.Millisecond
	// IntakeCall bounds the question whether work is accepted. After it the submission continues with the last known
	// answer.
	IntakeCall = 250 * time.Millisecond
	// IntakeMaxAge is how long an answer about the intake is reused: an operator's drain takes effect within that
	// time.
	IntakeMaxAge = 500 * time.Millisecond
	// CacheCall bounds a call to the response cache. After it the request continues without the cache.
	CacheCall = 100 * time.Millisecond

	// MongoCall bounds a call to MongoDB. It leaves a request time for its other steps.
	MongoCall = 1400 * time.Millisecond
	// MongoSelection bounds the search for a server that answers, and the connection to it. It matters to calls
	// outside of requests: MongoCall ends the others first.
	MongoSelection = 1500 * time.Millisecond
	// MongoBulkStep bounds one step of work outside of requests: seeding, loading the catalogue, creating indexes.
	MongoBulkStep = 5 * time.Second

	// S3Idle is how long a call to S3 may make no progress. With S3Undo it stays below Unavailable.
	S3Idle = 1200 * time.Millisecond
	// S3UndoShare is the part of S3Idle that undoing an upload may take: one third.
	S3UndoShare = 3
	// S3Dial bounds a connection to S3 and, again, its TLS handshake.
	S3Dial = time.Second

	// IdentityKeyWait is how long a request waits for the key that its token names.
	IdentityKeyWait = 1400 * time.Millisecond
	// IdentityFetch bounds a fetch of the keys in the background.
	IdentityFetch = 5 * time.Second
)

// Health.
const (
	// Probe is the timeoutSeconds of the kubelet's probes in the chart.
	Probe = 3 * time.Second
	// HealthCheck bounds one check of all dependencies. A probe waits for it.
	HealthCheck = 1500 * time.Millisecond
	// HealthInterval is the period at which a worker checks its dependencies.
	HealthInterval = 2 * time.Second
	// HealthMaxAge is how long the API reuses the same findings. Health needs no token, and each check costs every
	// dependency a round trip.
	HealthMaxAge = 500 * time.Millisecond
	// HealthTolerance is how long a dependency may be unavailable before an idle worker is not ready. An autoscaler
	// removes pods that are not ready first, even if they are busy.
	HealthTolerance = 30 * time.Second
)

// Workers and their tasks.
const (
	// HeartbeatInterval is the period of a worker's heartbeat.
	HeartbeatInterval = time.Second
	// HeartbeatTTL is how long a worker counts as alive after a heartbeat: it may miss three.
	HeartbeatTTL = 4 * time.Second
	// HeartbeatCall bounds one heartbeat, so that the next one can follow.
	HeartbeatCall = 1500 * time.Millisecond
	// RescueInterval is the period at which a worker tries to rescue the tasks of workers that died.
	RescueInterval = 500 * time.Millisecond
	// RescueLock lets one worker rescue in each RescueInterval.
	RescueLock = 400 * time.Millisecond
	// TaskLease is asynq's lease on a task, from the moment at which it was taken (asynq v0.26, base.LeaseDuration).
	TaskLease = 30 * time.Second
	// TaskClaim is how long a worker has to claim a task that it took.
	TaskClaim = 5 * time.Second
	// ResultWrite bounds the writing of a job's outcome, retries included. It is below TaskLease: otherwise the task
	// would run again.
	ResultWrite = 20 * time.Second
	// Interruption is the part of the shutdown grace in which handlers that are interrupted write their outcome.
	Interruption = time.Second
	// PlanSearch bounds the search of a plan's job for fewer terms. Then the best plan found is its result.
	PlanSearch = 2 * time.Second
	// PlanJob bounds an attempt of a plan's job: the catalogue, PlanSearch, and the audit of the result.
	PlanJob = 10 * time.Second
	// LastWrite bounds a write that begins when the process is already stopping. It ends within Interruption.
	LastWrite = 800 * time.Millisecond
)

// The parser.
const (
	// ParserDocument bounds the reading of one document.
	ParserDocument = 10 * time.Second
	// ParserBody bounds the arrival of a document at the parser, and the wait for memory to hold it.
	ParserBody = 15 * time.Second
	// ParserCall bounds a worker's call: a wait for a free child and ParserDocument.
	ParserCall = 20 * time.Second
	// ParserPause is how long a worker does not call a parser that failed several times in a row. The parser replaces
	// a child within a second.
	ParserPause = 2 * time.Second
	// ParserProbe bounds the health request that precedes the first document after a pause.
	ParserProbe = 1500 * time.Millisecond
	// ParserIdleConnection is how long a worker keeps an idle connection, shorter than the server does (ServerIdle).
	ParserIdleConnection = time.Minute
	// ParserWrite bounds the sending of an answer of the parser.
	ParserWrite = 10 * time.Second
)

// HTTP servers.
const (
	// ServerHeaders bounds the headers of a request inside the cluster.
	ServerHeaders = 5 * time.Second
	// ClientHeaders bounds the headers of a request to the API, whose clients may have slow connections.
	ClientHeaders = 10 * time.Second
	// ServerIdle is how long a server keeps a connection without a request.
	ServerIdle = 2 * time.Minute
	// BodyStall is how long a body may make no progress.
	BodyStall = 10 * time.Second
	// Upload bounds the body of a request where TMD_UPLOAD_TIMEOUT is not set.
	Upload = time.Minute
	// ClientWrite is how long a client may take to read an answer or one event.
	ClientWrite = 30 * time.Second
	// EventHeartbeat is the period of comments on a quiet stream of events. Proxies close connections that are silent
	// for a minute, and the write detects a client that disconnected.
	EventHeartbeat = 15 * time.Second
	// EventReconnect is how long a client waits before it reconnects to a stream.
	EventReconnect = 2 * time.Second
)
