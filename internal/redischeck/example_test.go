package redischeck_test

import (
	"fmt"

	"github.com/trackmydegree/trackmydegree/internal/redischeck"
)

func ExampleUnfitError() {
	err := fmt.Errorf("REDIS_JOB_URL: %w", &redischeck.UnfitError{Problem: "is a read-only replica"})
	fmt.Println(err, redischeck.IsUnfit(err))
	// Output: REDIS_JOB_URL: Redis is a read-only replica true
}
