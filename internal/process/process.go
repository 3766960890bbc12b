// Package process runs one attempt of a job: it reads the input, builds the timeline and writes what came of it.
package process
