package plan

func (s *solver) boundByChains() int {
	last := -1
	for i, t := range s.earliest {
		last = max(last, s.endOf(i, t))
	}
	return last
}

func (s *solver) boundByCredits() int {
	left := 0
	for i := range s.Tasks {
		if !s.Tasks[i].Exempt {
			left += s.Tasks[i].Credits
		}
	}
	for t := range s.Terms {
		if left <= 0 {
			return t - 1
		}
		left -= s.Terms[t].Room
	}
	if left <= 0 {
		return len(s.Terms) - 1
	}
	return len(s.Terms)
}

// findLatest computes the last term of each task when the layout ends with the term last, and reports whether each is
// not before the task's earliest term.
func (s *solver) findLatest(last int) bool {
	n := len(s.Tasks)
	s.latest = make([]int, n)
	for i := range s.latest {
		s.latest[i] = s.previousStart(i, last)
	}
	for changed := true; changed; {
		changed = false
		for i := range s.Tasks {
			for _, need := range s.Tasks[i].Needs {
				if need.Count < len(need.Tasks) {
					continue // one of several: none of them is bound
				}
				for _, j := range need.Tasks {
					most := s.latest[i]
					if !need.Together {
						most = s.previousStart(j, s.latest[i]-1)
					}
					if s.latest[j] > most {
						s.latest[j] = s.startUpTo(j, most)
						changed = true
					}
				}
			}
		}
	}
	for i := range s.latest {
		if s.latest[i] < s.earliest[i] {
			return false
		}
	}
	return true
}

// previousStart returns the last term in which a task may begin and end by the term end, -1 for none.
func (s *solver) previousStart(i, end int) int {
	for t := min(end, len(s.Terms)-1); t >= 0; t-- {
		if s.endOf(i, t) <= end && s.mayStart(i, t) {
			return t
		}
	}
	return -1
}

// startUpTo returns the last term up to t in which a task may begin, -1 for none.
func (s *solver) startUpTo(i, t int) int {
	for ; t >= 0 && !s.mayStart(i, t); t-- {
	}
	return t
}

// fitsWindows reports whether every span of terms has room for the tasks that must be inside it.
func (s *solver) fitsWindows(last int) bool {
	for a := 0; a <= last; a++ {
		room := 0
		for b := a; b <= last; b++ {
			room += s.Terms[b].Room
			need := 0
			for i := range s.Tasks {
				if task := &s.Tasks[i]; !task.Exempt && task.Fixed < 0 && s.earliest[i] >= a && s.endOf(i, s.latest[i]) <= b {
					need += task.Credits
				}
			}
			if need > room {
				return false
			}
		}
	}
	return true
}
