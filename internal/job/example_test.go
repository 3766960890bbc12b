package job_test

import (
	"fmt"

	"github.com/trackmydegree/trackmydegree/internal/job"
)

// Only the canonical form of a UUID is an id: it becomes the name of a file.
func ExampleParseID() {
	id, err := job.ParseID("0b1f8a5e-3c44-4a6e-9d0a-7f7a0a3c9b21")
	fmt.Println(id, err)
	_, err = job.ParseID("../../etc/passwd")
	fmt.Println(err)
	// Output:
	// 0b1f8a5e-3c44-4a6e-9d0a-7f7a0a3c9b21 <nil>
	// job: not an id
}

// A transient fault is followed by another attempt, MaxAttempts in all.
func ExampleRetryDelay() {
	for attempt := 1; attempt < job.MaxAttempts; attempt++ {
		fmt.Println(attempt, job.RetryDelay(attempt))
	}
	fmt.Println(job.Retrying.CanBecome(job.Processing), job.Done.IsFinal())
	// Output:
	// 1 2s
	// 2 4s
	// true true
}
