package pdftext

import (
	"bytes"
	"compress/zlib"
	"io"
)

// invisible is the render mode of unpainted text, which optical character recognition puts over a picture.
const invisible = 3

// samples is the number of characters of a page that are tested for invisible text.
const samples = 8

// hiddenText returns a function that detects hidden characters: unpainted text, and text on a layer that is switched
// off. It is nil when a page has neither, so that usual pages have no overhead.
func (r *reader) hiddenText(page, text uint64, n int, f frame, layers bool) (func(uint64) (bool, error), error) {
	unpainted := false
	for i := 0; i < n && !unpainted; i += max(1, n/samples) {
		var err error
		if unpainted, err = r.isUnpainted(text, uint64(i)); err != nil {
			return nil, err
		}
	}
	var off map[uint64]bool
	if layers {
		var err error
		if off, err = r.switchedOff(page, text, n, f); err != nil {
			return nil, err
		}
	}
	if !unpainted && len(off) == 0 {
		return nil, nil
	}
	return func(i uint64) (bool, error) {
		if off[i] {
			return true, nil
		}
		return r.isUnpainted(text, i)
	}, nil
}

func (r *reader) isUnpainted(text, index uint64) (bool, error) {
	object, err := r.callFunction(r.textObject, text, index)
	if err != nil || object == 0 {
		return false, err
	}
	mode, err := r.callFunction(r.renderMode, object)
	return int32(mode) == invisible, err
}

// switchedOff returns the characters on a layer that do not appear on the painted page. PDFium's text does not show
// which layers are on, but its painting does: the page is painted with and without the content of layers, and where
// nothing differs nothing was visible.
func (r *reader) switchedOff(page, text uint64, n int, f frame) (map[uint64]bool, error) {
	suspects := map[uint64]bool{}
	count, err := r.callFunction(r.countObjects, page)
	if err != nil {
		return nil, err
	}
	for i := range uint64(max(int32(count), 0)) {
		object, err := r.callFunction(r.getObject, page, i)
		if err != nil {
			return nil, err
		}
		if err := r.collectSuspects(object, false, maxFormDepth, suspects); err != nil {
			return nil, err
		}
	}
	if len(suspects) == 0 {
		return nil, nil
	}
	with, err := r.paintPage(page, f)
	if err != nil || with == nil {
		return nil, err
	}
	for object := range suspects {
		if _, err := r.callFunction(r.setActive, object, 0); err != nil {
			return nil, err
		}
	}
	without, err := r.paintPage(page, f)
	if err != nil || without == nil {
		return nil, err
	}
	off := map[uint64]bool{}
	for i := range uint64(max(n, 0)) {
		object, err := r.callFunction(r.textObject, text, i)
		if err != nil {
			return nil, err
		}
		if !suspects[object] {
			continue
		}
		if _, err := r.callFunction(r.looseBox, text, i, uint64(r.scratch)); err != nil {
			return nil, err
		}
		left, top, right, bottom := r.readRect()
		if !with.differs(without, left-f.left, f.top-top, right-f.left, f.top-bottom) {
			off[i] = true
		}
	}
	return off, nil
}

// maxFormDepth is the largest depth of nested forms that are examined.
const maxFormDepth = 8

// collectSuspects adds the text objects of an object that may be on a layer: those with a mark, and all inside of a
// form.
func (r *reader) collectSuspects(object uint64, inForm bool, depth int, suspects map[uint64]bool) error {
	kind, err := r.callFunction(r.objectType, object)
	if err != nil {
		return err
	}
	switch {
	case kind == objectText:
		marks, err := r.callFunction(r.countMarks, object)
		if err != nil {
			return err
		}
		if inForm || int32(marks) > 0 {
			suspects[object] = true
		}
	case kind == objectForm && depth > 0:
		count, err := r.callFunction(r.countInner, object)
		if err != nil {
			return err
		}
		for i := range uint64(max(int32(count), 0)) {
			if len(suspects) > maxObjects {
				return nil
			}
			inner, err := r.callFunction(r.getInner, object, i)
			if err != nil {
				return err
			}
			if err := r.collectSuspects(inner, true, depth-1, suspects); err != nil {
				return err
			}
		}
	}
	return nil
}

// painting is a page in pixels of four bytes.
type painting struct {
	width, height int
	scale         float64 // pixels for a point
	pixels        []byte
}

// maxPixels is the longest side of a painting: enough for a letter of 4 points on paper of 20 inches.
const maxPixels = 1600

// paintPage paints a page before its rotation; nil when the sandbox has no memory for it.
func (r *reader) paintPage(page uint64, f frame) (*painting, error) {
	w, h := f.right-f.left, f.top-f.bottom
	if w <= 0 || h <= 0 {
		return nil, nil
	}
	p := &painting{scale: min(1.5, maxPixels/max(w, h))}
	p.width, p.height = max(1, int(w*p.scale)), max(1, int(h*p.scale))
	bitmap, err := r.callFunction(r.createBitmap, uint64(p.width), uint64(p.height), 0)
	if err != nil || bitmap == 0 {
		return nil, err
	}
	if _, err := r.callFunction(r.fillBitmap, bitmap, 0, 0, uint64(p.width), uint64(p.height), 0xFFFFFFFF); err != nil {
		return nil, err
	}
	const asIs = 0 // the page's own rotation is undone
	back := (4 - f.turns) & 3
	if _, err := r.callFunction(r.renderPage, bitmap, page, 0, 0, uint64(p.width), uint64(p.height), back, asIs); err != nil {
		return nil, err
	}
	at, err := r.callFunction(r.bitmapBuffer, bitmap)
	if err != nil {
		return nil, err
	}
	if b, ok := r.module.Memory().Read(uint32(at), uint32(4*p.width*p.height)); ok {
		p.pixels = bytes.Clone(b)
	}
	_, err = r.callFunction(r.destroyBitmap, bitmap)
	return p, err
}

// differs reports whether two paintings differ inside a box in points from the top left corner.
func (p *painting) differs(q *painting, x0, y0, x1, y1 float64) bool {
	clamp := func(v float64, most int) int { return min(max(int(v*p.scale), 0), most) }
	left, right := clamp(x0, p.width), clamp(x1+1, p.width)
	for y := clamp(y0, p.height); y < clamp(y1+1, p.height); y++ {
		from, to := 4*(y*p.width+left), 4*(y*p.width+right)
		if from < to && to <= len(p.pixels) && to <= len(q.pixels) && !bytes.Equal(p.pixels[from:to], q.pixels[from:to]) {
			return true
		}
	}
	return false
}

// mostInflated is how much of an object stream is decompressed.
const mostInflated = 1 << 20

var (
	layerKey     = []byte("/OCProperties")
	objectStream = []byte("/ObjStm")
)

// hasLayers reports whether a PDF has optional content, according to its catalogue, which may be in a compressed
// stream.
func hasLayers(pdf []byte) bool {
	if bytes.Contains(pdf, layerKey) {
		return true
	}
	for rest := pdf; ; {
		i := bytes.Index(rest, objectStream)
		if i < 0 {
			return false
		}
		rest = rest[i+len(objectStream):]
		start := bytes.Index(rest[:min(len(rest), 512)], []byte("stream"))
		if start < 0 {
			continue
		}
		body := bytes.TrimLeft(rest[start+len("stream"):], "\r\n")
		z, err := zlib.NewReader(bytes.NewReader(body))
		if err != nil {
			continue // another filter
		}
		text, _ := io.ReadAll(io.LimitReader(z, mostInflated))
		if bytes.Contains(text, layerKey) {
			return true
		}
	}
}
