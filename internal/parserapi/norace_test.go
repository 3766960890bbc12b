//go:build !race

package parserapi_test

const memoryFactor = 1
