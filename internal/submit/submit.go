// Package submit accepts work: it stores the document, writes the job's record and hands its task to the queue.
package submit
