//go:build race

package parserapi_test

// memoryFactor is the memory overhead of the race detector, five to ten times according to its documentation.
const memoryFactor = 10
