package pdftext

import (
	"encoding/binary"
	"math"
)

// frame maps a page's own coordinates, y growing upwards, to the page as it is displayed.
type frame struct {
	left, bottom, right, top float64
	turns                    uint64 // quarter turns clockwise
}

func (r *reader) readFrame(page uint64) (frame, error) {
	turns, err := r.callFunction(r.rotation, page)
	if err != nil {
		return frame{}, err
	}
	if _, err := r.callFunction(r.boundingBox, page, uint64(r.scratch)); err != nil {
		return frame{}, err
	}
	left, top, right, bottom := r.readRect()
	return frame{left: left, bottom: bottom, right: right, top: top, turns: turns & 3}, nil
}

// readRect is the FS_RECTF in the scratch.
func (r *reader) readRect() (left, top, right, bottom float64) {
	b, _ := r.module.Memory().Read(r.scratch, 16)
	return readFloat(b), readFloat(b[4:]), readFloat(b[8:]), readFloat(b[12:])
}

func readFloat(b []byte) float64 { return float64(math.Float32frombits(binary.LittleEndian.Uint32(b))) }

// pageSize is the page's width and height.
func (f frame) pageSize() (width, height float64) {
	if f.turns&1 == 1 {
		return f.top - f.bottom, f.right - f.left
	}
	return f.right - f.left, f.top - f.bottom
}

// placePoint converts a point of the page's own coordinates to one from the top left corner, y growing downwards.
func (f frame) placePoint(x, y float64) (float64, float64) {
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

// turnDirection rotates a direction as placePoint rotates points, y still growing upwards.
func (f frame) turnDirection(x, y float64) (float64, float64) {
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

// placeBox converts a rectangle.
func (f frame) placeBox(left, top, right, bottom float64) (x0, y0, x1, y1 float64) {
	x0, y0 = f.placePoint(left, top)
	x1, y1 = f.placePoint(right, bottom)
	return min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)
}
