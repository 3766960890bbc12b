package plainpdf

import "math"

// matrix maps points (ISO 32000-1, 8.3.4): x' = a*x + c*y + e, y' = b*x + d*y + f.
type matrix struct{ a, b, c, d, e, f float64 }

var identity = matrix{a: 1, d: 1}

// applyThen returns the matrix that applies m first, and n after it.
func (m matrix) applyThen(n matrix) matrix {
	return matrix{
		m.a*n.a + m.b*n.c, m.a*n.b + m.b*n.d,
		m.c*n.a + m.d*n.c, m.c*n.b + m.d*n.d,
		m.e*n.a + m.f*n.c + n.e, m.e*n.b + m.f*n.d + n.f,
	}
}

func (m matrix) placePoint(x, y float64) (float64, float64) {
	return m.a*x + m.c*y + m.e, m.b*x + m.d*y + m.f
}

// placeBox returns the smallest upright box around the image of a box.
func (m matrix) placeBox(left, bottom, right, top float64) (x0, y0, x1, y1 float64) {
	x0, y0 = m.placePoint(left, bottom)
	x1, y1 = x0, y0
	for _, p := range [][2]float64{{left, top}, {right, bottom}, {right, top}} {
		x, y := m.placePoint(p[0], p[1])
		x0, x1, y0, y1 = min(x0, x), max(x1, x), min(y0, y), max(y1, y)
	}
	return x0, y0, x1, y1
}

// isUpright reports whether text runs from left to right and is not mirrored.
func (m matrix) isUpright() bool {
	const slope = 1e-4
	return m.a > 0 && m.d > 0 && math.Abs(m.b) <= slope*m.a
}
