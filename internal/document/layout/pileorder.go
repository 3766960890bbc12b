package layout

import (
	"math"
	"slices"
)

// learnOrder finds the order of the cells of cards without a header and without labels: that of the card whose kinds
// of cells explain most of the others.
func (r *cardReader) learnOrder(segments []cardSegment) {
	var cards [][]pileCell
	for _, s := range segments {
		for _, lines := range s.streams {
			if startsWithHeader(lines) {
				return
			}
			for i := range lines {
				if n := pileCodeLines(lines[i:]); n > 0 && len(cards) < maxLearnt {
					cards = append(cards, r.pileCells(lines[i:], n))
				}
			}
		}
	}
	best := math.Inf(1)
	for _, cells := range cards {
		for _, order := range ordersOf(cells) {
			if cost := r.orderCost(cards, order); cost < best {
				best, r.order = cost, order
			}
		}
	}
	r.learnt = len(r.order) > 0
}

// maxLearnt is how many cards are compared.
const maxLearnt = 40

// ordersOf returns the orders of columns that the cells of a card can have.
func ordersOf(cells []pileCell) [][]string {
	decimals := 0
	for _, c := range cells {
		if decimalPattern.MatchString(c.text) {
			decimals++
		}
	}
	numbers := map[int][]string{1: {Attempted}, 2: {Attempted, Earned}, 3: {Attempted, columnGPA, Earned},
		4: {Attempted, columnGPA, columnAverage, Earned}}[decimals]
	var order []string
	for _, c := range cells {
		name := ""
		switch {
		case decimalPattern.MatchString(c.text):
			if len(numbers) > 0 {
				name, numbers = numbers[0], numbers[1:]
			}
		case knownGrade.MatchString(c.text) && !slices.Contains(order, Grade):
			name = Grade
		case countCell.MatchString(c.text):
			name = columnSize
		case notationCell.MatchString(c.text) && slices.Contains(order, Description) && slices.Contains(order, Grade):
			name = Notation
		case len(order) > 0 && order[len(order)-1] == Description:
			continue
		case !slices.Contains(order, Description):
			name = Description
		}
		if name != "" && !slices.Contains(order, name) {
			order = append(order, name)
		}
	}
	if !slices.Contains(order, Attempted) || !slices.Contains(order, Description) {
		return nil
	}
	orders := [][]string{order}
	if at := slices.Index(order, Grade); at >= 0 && !slices.Contains(order, Notation) {
		orders = append(orders, slices.Insert(slices.Clone(order), at+1, Notation))
	}
	for _, o := range slices.Clone(orders) {
		a, e := slices.Index(o, Attempted), slices.Index(o, Earned)
		if e >= 0 {
			swapped := slices.Clone(o)
			swapped[a], swapped[e] = swapped[e], swapped[a]
			orders = append(orders, swapped)
		}
	}
	return orders
}

// orderCost returns the cost of reading cards in an order. No course earns more credits than were attempted.
func (r *cardReader) orderCost(cards [][]pileCell, order []string) float64 {
	total := 0.0
	for _, cells := range cards {
		columns := slices.Concat([]string{fieldSection}, order)
		places, count := r.placeCells(cells, columns)
		if count == 0 {
			total += costMissing
			continue
		}
		total += costLeft * float64(len(cells)-count)
		values := map[string]string{}
		for i, k := range places {
			total += cellCost(cells[i].text, columns[k])
			values[columns[k]] = cells[i].text
		}
		if parseCredits(values[Earned]) > parseCredits(values[Attempted]) {
			total += costMissing
		}
		if values[Grade] == "" {
			total += 0.2
		}
	}
	return total + 0.01*float64(len(order))
}
