package deletioncost

import "github.com/trackmydegree/trackmydegree/internal/controller/fleet"

// Due is what the reconciler's source asks at each look.
func (r *Reconciler) Due(v fleet.View) []string { return r.changedHosts(v) }
