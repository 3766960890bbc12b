package pdftext

import (
	"encoding/binary"
	"math"
)

// frame is where a page's own coordinates, y growing upwards, lie on the page as one sees it.
type frame struct {
	left, bottom, right, top float64
	turns                    uint64 // quarter turns clockwise
}

func (r *reader) frame(page uint64) (frame, error) {
	turns, err := r.call(r.rotation, page)
	if err != nil {
		return frame{}, err
	}
	if _, err := r.call(r.boundingBox, page, uint64(r.scratch)); err != nil {
		return frame{}, err
	}
	left, top, right, bottom := r.rect()
	return frame{left: left, bottom: bottom, right: right, top: top, turns: turns & 3}, nil
}

// rect is the FS_RECTF in the scratch.
func (r *reader) rect() (left, top, right, bottom float64) {
	b, _ := r.module.Memory().Read(r.scratch, 16)
	return f32(b), f32(b[4:]), f32(b[8:]), f32(b[12:])
}

func f32(b []byte) float64 { return float64(math.Float32frombits(binary.LittleEndian.Uint32(b))) }

// size is the page's width and height.
func (f frame) size() (width, height float64) {
	if f.turns&1 == 1 {
		return f.top - f.bottom, f.right - f.left
	}
	return f.right - f.left, f.top - f.bottom
}

// place turns a point of the page's own coordinates into one from the top left corner, y growing downwards.
func (f frame) place(x, y float64) (float64, float64) {
	switch f.turns {
	case 1:
		return y - f.bottom, x - f.left
	case 2:
		return f.right - x, y - f.bottom
	case 3:
		return f.top - y, f.right - x
	}
	return x - f.left, f.top - y
}

// turn turns a direction as place turns points, y still growing upwards.
func (f frame) turn(x, y float64) (float64, float64) {
	switch f.turns {
	case 1:
		return y, -x
	case 2:
		return -x, -y
	case 3:
		return -y, x
	}
	return x, y
}

// box places a rectangle.
func (f frame) box(left, top, right, bottom float64) (x0, y0, x1, y1 float64) {
	x0, y0 = f.place(left, top)
	x1, y1 = f.place(right, bottom)
	return min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)
}
