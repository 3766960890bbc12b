// Package edit lets owners change the results of their jobs and keep them as saved timelines.
package edit
