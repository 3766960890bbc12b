package jobstore

import (
	"context"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
)

// submissionTTL is the TTL of a claim whose job has no record yet: longer than an upload may take, and short enough
// that a submission that crashed does not block its key.
const submissionTTL = 5 * time.Minute

func claimKey(claim string) string { return "job:idempotency:" + claim }

// ClaimKey binds an idempotency key to a job; see submit.Jobs. It returns the holder of the key, and whether that is
// id. While the holder has no record, its submission is in progress and the answer is conflict. Idempotent.
func (s *Store) ClaimKey(ctx context.Context, claim string, id job.ID) (job.ID, bool, error) {
	keys := []string{claimKey(claim), claimOfKey(id)}
	answer, err := claimKeyScript.Run(ctx, s.redis, keys, string(id), 0, submissionTTL.Milliseconds()).Slice()
	if err != nil {
		return "", false, toFault(ctx, "claim key", err)
	}
	holder, _ := answer[0].(string)
	if holder == string(id) {
		return id, true, nil
	}
	if recorded, _ := answer[1].(int64); recorded == 0 {
		return "", false, fault.WithDetail(fault.Conflict,
			"The same request is being accepted at this moment. Wait a few seconds and send it again.")
	}
	return job.ID(holder), false, nil
}

// ReleaseKey releases the claim of a job on a key. The claim of another job stays. Idempotent.
func (s *Store) ReleaseKey(ctx context.Context, claim string, id job.ID) error {
	keys := []string{claimKey(claim), claimOfKey(id)}
	return toFault(ctx, "release key", releaseKeyScript.Run(ctx, s.redis, keys, string(id)).Err())
}
