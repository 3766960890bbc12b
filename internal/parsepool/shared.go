package parsepool

import (
	"os"
	"strconv"
)

// sharedVariable names the descriptor of the memory that all children of the pool share. They use it before they are
// ready, for what is the same in all of them: see pdftext.ShareCode.
const sharedVariable = "TMD_SHARED_MEMORY"

// sharedDescriptor is the first descriptor behind the standard ones, which os/exec gives to the only extra file.
const sharedDescriptor = 3

// OpenSharedMemory returns the memory that the pool shares with the child whose environment this is; nil without one.
// The child closes it before it calls Serve.
func OpenSharedMemory(environ []string) *os.File {
	for _, variable := range environ {
		if variable == sharedVariable+"="+strconv.Itoa(sharedDescriptor) {
			return os.NewFile(sharedDescriptor, "shared memory")
		}
	}
	return nil
}
