//go:build race

package parserapi_test

// memoryFactor is what the race detector does to the memory of a process, five to ten times by its own account.
const memoryFactor = 10
