package browser_test

import "github.com/chromedp/chromedp"

// planStates are the states of the plan. open opens an address and takes steps there; jobs are the ids of finished jobs
// by document.
func planStates(open func(address string, steps ...chromedp.Action[chromedp.Void]) func(), jobs map[string]string) []viewState {
	return []viewState{
		{"plan", open("/#job=" + jobs["transcripts/soen-coop"])},
	}
}
